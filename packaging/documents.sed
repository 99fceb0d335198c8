# What the documents call things in the sources, as they are in the package; commands run from its folder of
# documents. The same for links.
s|](\.\./docs/|](|g
s|](aws/|](examples/aws/|g
s|](\.\./config/example-account/|](examples/example-account/|g
s|](\.\./packaging/README\.md|](README.md|g
s|\[syscalls\.def\](\.\./cli/rights/syscalls\.def)|`cli/rights/syscalls.def` of the sources|g
s|config/example-account|examples/example-account|g
s|config/periscope\.yaml|examples/periscope.yaml|g
s|packaging/periscope\.service|/usr/lib/systemd/system/periscope.service|g
s|build/periscope|periscope|g
s|build/aws-|/tmp/periscope-aws-|g
s|build/lab|/tmp/periscope-lab|g
s|pcaps/|examples/|g
# Paragraphs for who works on the sources.
/^`make package`/,/^$/d
/^The table is made from/,/^$/d
