"""What policy says about limits, for those who ask without a request: the person's page, the monitoring, a model that
stands in for another."""

from __future__ import annotations

from gateway.limits.counting import Books, Counter, Counts
from gateway.limits.periods import PERIODS
from gateway.model.limits import NO_LIMIT, Limit, LimitedBy
from gateway.model.principal import Principal
from gateway.policy import PolicySet
from gateway.ports import Clock


def own_limit(policies: PolicySet, principal: Principal) -> Limit:
    """Return the limit of one person; it is the same for every model that has one."""
    return _limit(policies, principal.department, "person", principal.groups)


async def shares(counts: Counts, books: Books, clock: Clock,
                 policies: PolicySet) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how much is used of how much, per department (empty: the organisation) and limit of a day or month.

    Raises `AwayError`.
    """
    now = clock.now()
    counters: list[tuple[str, Counter]] = []
    for name in policies.departments:
        counters += [(name, c) for c in books.counters("department", name, _limit(policies, name, "department"), now)]
    if policies.departments:
        first = next(iter(policies.departments))
        counters += [("", c) for c in books.counters("organisation", "", _limit(policies, first, "organisation"), now)]
    lasting = [(name, counter) for name, counter in counters if PERIODS[counter.what] != "minute"]
    values = await counts.read([counter.key for _, counter in lasting], now)
    return {(name, counter.what): (value, counter.most)
            for (name, counter), value in zip(lasting, values, strict=True)}


def limits_anything(policies: PolicySet) -> bool:
    """Whether there is any limit at all."""
    return any(rules.limits for department in policies.departments.values() for rules in department.models.values())


def _limit(policies: PolicySet, department: str, by: LimitedBy, groups: frozenset[str] = frozenset()) -> Limit:
    rules = policies.department(department, groups)
    found = (model.limits.get(by) for model in rules.models.values()) if rules else iter(())
    return next((limit for limit in found if limit is not None), NO_LIMIT)
