# gawk -v name=NAME -f expect_sent.awk EXPECT sent.tsv: are there as many rows of each pattern as
# make.sh sent? A field `*` is anything; fields that a pattern leaves out are too.
BEGIN { FS = "\t" }

FNR == NR { rows[++n] = $0; next }

$1 != name { next }

{
	found = 0
	for (i = 1; i <= n; i++) {
		split(rows[i], field, FS)
		same = 1
		for (f = 3; f <= NF; f++)
			if ($f != "*" && $f != field[f - 2]) same = 0
		found += same
	}
	if (found != $2) {
		print "sent.tsv:" FNR ": " found " rows, not " $2 ": " $0
		bad = 1
	}
}

END { exit bad }
