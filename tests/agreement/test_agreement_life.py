"""The life cycle: every cell of its tables; random histories against a second implementation made from the prose."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from three_parties import DAY, HISTORY, IN_FORCE_S, T0, TEXT, at

from skyaccord.agreement import Act, Agreement, add_act, charter, may, parse
from skyaccord.agreement.lifecycle import ACTS, AGREEMENT, MEMBERSHIP, obstacle, standing
from skyaccord.errors import IllegalMove, Refused

PARTIES = ("X", "Y", "Z")
EVENTS = {"all_signed", "depart", "end_agreed", "expire", "lapse", "end"}


def after(*acts: Act, text: str = TEXT) -> Agreement:
    agreement = parse(text, "square.toml")
    for act in (*HISTORY, *acts):
        agreement = add_act(agreement, act)
    return agreement


def act(kind: str, party: str, days: float) -> Act:
    return Act(kind, party, f"{party}.gov", IN_FORCE_S + days * DAY)


def test_tables_are_closed() -> None:
    for table in (AGREEMENT, MEMBERSHIP):
        for moves in table.values():
            assert set(moves) <= set(ACTS) | EVENTS
            assert set(moves.values()) <= set(table)
    assert not AGREEMENT["ended"]
    assert not MEMBERSHIP["ended"]


def test_every_state_and_status_is_reached_and_refuses_what_its_table_lacks() -> None:
    """Walk to each state by acts alone, then try every act from there against the table's cell."""
    draft = parse(TEXT, "square.toml")
    signed = draft
    for one in HISTORY[:3]:
        signed = add_act(signed, one)
    force = add_act(signed, HISTORY[3])
    reached = {
        "draft": (draft, T0 - 1),
        "proposed": (add_act(draft, HISTORY[0]), T0),
        "signed": (signed, T0 + DAY),
        "in_force": (force, IN_FORCE_S),
        "suspended": (after(act("suspend", "X", 1)), IN_FORCE_S + DAY),
        "leaving": (after(act("withdraw", "X", 1)), IN_FORCE_S + DAY),
        "leaving_suspended": (after(act("suspend", "X", 1), act("withdraw", "X", 1)), IN_FORCE_S + DAY),
        "ending": (after(act("terminate", "X", 1), act("terminate", "Y", 1)), IN_FORCE_S + DAY),
        "withdrawn": (after(act("accede", "Z", 1), act("withdraw", "X", 1)), IN_FORCE_S + 11 * DAY),
        "ended": (after(act("withdraw", "X", 1)), IN_FORCE_S + 11 * DAY),
    }
    states, statuses = set(), set()
    for agreement, time_s in reached.values():
        now = standing(agreement, time_s)
        states.add(now.state)
        for member in now.members:
            statuses.add(member.status)
            for kind in ACTS:
                legal = kind in AGREEMENT[now.state] and kind in MEMBERSHIP[member.status]
                done_before = kind == "terminate" and member.party in now.consents
                assert (obstacle(now, kind, member.party) == "") == (legal and not done_before)
                one = Act(kind, member.party, f"{member.party}.gov", time_s)
                if legal and not done_before:
                    assert len(add_act(agreement, one).acts) == len(agreement.acts) + 1
                else:
                    with pytest.raises(IllegalMove, match=kind):
                        add_act(agreement, one)
    assert states == set(AGREEMENT)
    assert statuses == set(MEMBERSHIP)


def test_notice_runs_to_its_very_instant() -> None:
    agreement = after(act("accede", "Z", 0), act("withdraw", "X", 1))
    due = IN_FORCE_S + 11 * DAY
    assert charter(agreement, math.nextafter(due, 0)).in_force("X")
    assert not charter(agreement, due).in_force("X")
    assert charter(agreement, due).in_force("Y")
    early = charter(agreement, IN_FORCE_S + 2 * DAY)
    assert early.until_s == due
    assert not early.at(due).in_force("X")
    assert early.at(IN_FORCE_S + 3 * DAY) is early


def test_acts_never_go_back_in_time_and_need_the_right_post() -> None:
    agreement = after()
    with pytest.raises(IllegalMove, match=r"suspend by X: its time is 1 s before"):
        add_act(agreement, Act("suspend", "X", "X.gov", IN_FORCE_S - 1))
    with pytest.raises(IllegalMove, match="no moment"):
        add_act(agreement, Act("suspend", "X", "X.gov", math.nan))
    with pytest.raises(IllegalMove, match="'dissolve' is no act"):
        add_act(agreement, Act("dissolve", "X", "X.gov", IN_FORCE_S))
    for post in ("Y.gov", "X.air", "staff", "nobody"):
        with pytest.raises(Refused) as refused:
            add_act(agreement, Act("withdraw", "X", post, IN_FORCE_S))
        assert refused.value.clauses[0] in ("T 5", "Default deny")
    with pytest.raises(Refused, match="binds no party"):
        add_act(agreement, Act("withdraw", "W", "X.gov", IN_FORCE_S))


def test_a_vacant_government_cannot_act() -> None:
    text = TEXT.replace('id = "X.gov"\nparty = "X"', 'id = "X.gov"\nvacant = true\nparty = "X"')
    with pytest.raises(Refused, match=r"nobody holds X\.gov") as refused:
        add_act(parse(text, "square.toml"), HISTORY[0])
    assert refused.value.clauses == ("Vacancy", "T 2")


def test_an_act_that_no_clause_provides_for_is_refused() -> None:
    text = TEXT.replace('[accession]\nclause = "T 3"\n', "")
    with pytest.raises(Refused) as refused:
        after(act("accede", "Z", 1), text=text)
    assert refused.value.clauses == ("Default deny",)


def test_any_party_may_end_it_where_the_text_says_so() -> None:
    text = TEXT.replace('by = "all parties"', 'by = "any party"')
    agreement = after(act("terminate", "Y", 1), text=text)
    assert charter(agreement, IN_FORCE_S + 5.9 * DAY).state == "ending"
    assert charter(agreement, IN_FORCE_S + 5.9 * DAY).in_force("X")
    assert charter(agreement, IN_FORCE_S + 6 * DAY).state == "ended"
    assert [p.status for p in charter(agreement, IN_FORCE_S + 6 * DAY).parties] == ["ended", "ended", "outside"]


class Prose:
    """A second implementation, from the prose of lifecycle.py: sets and dates instead of tables."""

    def __init__(self, notice_s: float, by_any: bool) -> None:
        self.notice_s, self.by_any = notice_s, by_any
        self.proposed = self.entered = self.over = False
        self.signed: set[str] = set()
        self.bound: set[str] = set()
        self.paused: set[str] = set()
        self.left: set[str] = set()
        self.agreed: set[str] = set()
        self.leaves: dict[str, float] = {}
        self.ends = math.inf

    def pass_time(self, now: float) -> None:
        for party, due in sorted(self.leaves.items(), key=lambda item: (item[1], item[0])):
            if due <= min(now, self.ends) and not self.over:
                self.remove(party, due)
        if self.ends <= now:
            self.over = True

    def remove(self, party: str, now: float) -> None:
        self.bound.discard(party)
        self.paused.discard(party)
        self.left.add(party)
        self.leaves.pop(party, None)
        if len(self.bound) < 2:
            self.over = True
        else:
            self.count(now)

    def count(self, now: float) -> None:
        standing_by = self.agreed & self.bound
        if self.ends == math.inf and standing_by and (self.by_any or standing_by == self.bound):
            self.ends = now + 5 * DAY

    def allows(self, kind: str, party: str) -> bool:
        ending = self.ends < math.inf
        if self.over:
            return False
        if not self.entered:
            if kind == "propose":
                return not self.proposed and party != "Z"
            if kind == "sign":
                return self.proposed and party != "Z" and party not in self.signed
            if kind == "enter_into_force":
                return self.signed == {"X", "Y"} and party in self.signed
            return kind == "withdraw" and self.proposed and party in self.signed
        if kind == "accede":
            return not ending and party not in self.bound and (party == "Z" or party in self.left)
        if party not in self.bound:
            return False
        return {
            "suspend": party not in self.paused,
            "resume": party in self.paused,
            "withdraw": party not in self.leaves,
            "revoke_notice": party in self.leaves,
            "terminate": not ending and party not in self.agreed,
        }.get(kind, False)

    def do(self, kind: str, party: str, now: float) -> None:
        if kind == "propose":
            self.proposed = True
        elif kind == "sign":
            self.signed.add(party)
        elif kind == "enter_into_force":
            self.entered, self.bound = True, set(self.signed)
        elif kind == "accede":
            self.bound.add(party)
            self.left.discard(party)
        elif kind == "suspend":
            self.paused.add(party)
        elif kind == "resume":
            self.paused.discard(party)
        elif kind == "withdraw" and not self.entered:
            self.signed.discard(party)
        elif kind == "withdraw":
            self.leaves[party] = now + self.notice_s
        elif kind == "revoke_notice":
            del self.leaves[party]
        elif kind == "terminate":
            self.agreed.add(party)
            self.count(now)
        self.pass_time(now)

    def gives(self, party: str) -> bool:
        return self.entered and not self.over and party in self.bound and party not in self.paused


class Histories(RuleBasedStateMachine):
    """Any act by anyone at any time: the tables and the prose agree, and what must never happen does not."""

    @initialize(notice_days=st.sampled_from([0, 3, 10]), by=st.sampled_from(["any party", "all parties"]))
    def begin(self, notice_days: int, by: str) -> None:
        text = TEXT.replace("notice_days = 10", f"notice_days = {notice_days}").replace('"all parties"', f'"{by}"')
        self.agreement = parse(text, "square.toml")
        self.prose = Prose(notice_days * DAY, by == "any party")
        self.now = T0
        self.seen: list[tuple[float, str, tuple[str, ...]]] = []

    @rule(days=st.sampled_from([0.5, 1.0, 2.0, 5.0, 10.0]))
    def wait(self, days: float) -> None:
        self.now += days * DAY
        self.prose.pass_time(self.now)

    @precondition(lambda self: not self.prose.entered)
    @rule()
    def hurry(self) -> None:
        """The straight way into force, which random acts seldom find."""
        for one in HISTORY:
            if self.prose.allows(one.kind, one.party):
                self.do(one.kind, one.party)

    @rule(kind=st.sampled_from(list(ACTS)), party=st.sampled_from(PARTIES))
    def do(self, kind: str, party: str) -> None:
        one = Act(kind, party, f"{party}.gov", self.now)
        allowed = self.prose.allows(kind, party)
        assert (
            may(charter(self.agreement, self.now), f"{party}.gov", kind, "agreement", None, self.now).allowed == allowed
        )
        if allowed:
            self.agreement = add_act(self.agreement, one)
            self.prose.do(kind, party, self.now)
        else:
            with pytest.raises(IllegalMove):
                add_act(self.agreement, one)

    @rule(
        kind=st.sampled_from(list(ACTS)),
        party=st.sampled_from(PARTIES),
        post=st.sampled_from(["X.gov", "Y.gov", "staff"]),
    )
    def meddle(self, kind: str, party: str, post: str) -> None:
        """No act in another's name."""
        if post != f"{party}.gov":
            with pytest.raises(Refused):
                add_act(self.agreement, Act(kind, party, post, self.now))

    @invariant()
    def the_same_for_both(self) -> None:
        law = charter(self.agreement, self.now)
        assert [law.in_force(p) for p in PARTIES] == [self.prose.gives(p) for p in PARTIES]
        assert (law.state == "ended") == self.prose.over
        assert law.since_s <= self.now < law.until_s

    @invariant()
    def whoever_is_bound_may_leave_by_itself(self) -> None:
        law = charter(self.agreement, self.now)
        for party in self.prose.bound - set(self.prose.leaves):
            if not self.prose.over:
                assert may(law, f"{party}.gov", "withdraw", "agreement", None, self.now).allowed

    @invariant()
    def home_is_home(self) -> None:
        law = charter(self.agreement, self.now)
        assert may(law, "X.air", "approve", "identify", at(1, 1), self.now).allowed
        assert may(law, "X.gov", "manage", "intercept", at(1, 1), self.now).allowed
        assert not may(law, "Y.air", "approve", "identify", at(1, 1), self.now).allowed
        assert may(law, "Y.air", "approve", "warn", at(-1, 1), self.now).allowed == self.prose.gives("Y")

    @invariant()
    def the_past_stays(self) -> None:
        law = charter(self.agreement, self.now)
        self.seen.append((self.now, law.state, tuple(p.status for p in law.parties)))
        latest = {time: (state, statuses) for time, state, statuses in self.seen}
        for time, (state, statuses) in latest.items():
            past = charter(self.agreement, time)
            assert (past.state, tuple(p.status for p in past.parties)) == (state, statuses)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, derandomize=True, database=None
)
