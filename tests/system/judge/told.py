"""Compares the alerts of one category with those that the maker of a capture expects."""
import json

KEYS = ("rule", "src_ip", "title", "severity", "count", "tenant")


def canon(rows, keys):
    return sorted(json.dumps({key: row[key] for key in keys}) for row in rows)


def judge(directory, expect, category, evidence, keys=KEYS):
    """A status: 0 when they are the same, each once, with a reason in words and this member of their evidence."""
    with open(directory + "/alerts/alerts.jsonl", encoding="utf-8") as file:
        alerts = [alert for alert in map(json.loads, file) if alert["category"] == category]
    with open(expect, encoding="utf-8") as file:
        wanted = json.load(file)
    for alert in alerts:
        alert["second"] = alert["first"][:19]
    want, got = canon(wanted, keys), canon(alerts, keys)
    for row in sorted(set(want) ^ set(got)):
        print("differs:", row)
    ok = all(alert["engine"] == "periscope" and alert["why"] and alert["evidence"][evidence] for alert in alerts)
    return 0 if want == got and ok else 1
