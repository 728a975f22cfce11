# croniter_peer.py CASES: prints the next time of each case as croniter knows it, or "edge" where we follow a rule of our own: where clocks are set
# near it, and where a day field names every day without being "*".
import datetime, json, sys, zoneinfo
from croniter import croniter

DAYS = datetime.timedelta(days=2)


def names_all_days(expression):
    fields = expression.split()
    expanded = croniter.expand(expression)[0]
    return any(fields[i] != "*" and (expanded[i] == ["*"] or len(set(expanded[i])) == every) for i, every in ((2, 31), (4, 7)))


for line in open(sys.argv[1]):
    case = json.loads(line)
    zone = zoneinfo.ZoneInfo(case["zone"])
    start = datetime.datetime.fromtimestamp(case["after"], zone)
    found = croniter(case["expression"], start).get_next(datetime.datetime)
    edge = any((moment - DAYS).utcoffset() != (moment + DAYS).utcoffset() for moment in (start, found))
    print("edge" if edge or names_all_days(case["expression"]) else int(found.timestamp()))
