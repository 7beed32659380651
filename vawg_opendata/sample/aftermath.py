"""What follows a synthetic offence: outcomes, the state of its suspects, risk assessments, orders."""

from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute as compute

from vawg_opendata.sample import assumptions
from vawg_opendata.sample.assumptions import GROUPS
from vawg_opendata.sample.draw import Draw, coded, dates, either, first_day, flag, numbers
from vawg_opendata.sample.offences import Offences
from vawg_opendata.sample.persons import Suspects, Victims, identifiers

_QUESTIONS = {  # share of yes
    "frightened": 0.42, "fears_further_harm": 0.40, "isolated": 0.22, "separation": 0.45, "child_contact_conflict": 0.18, "stalked": 0.32,
    "escalation": 0.28, "controlling": 0.40, "weapons_used": 0.10, "threats_to_kill": 0.14, "strangled": 0.15, "sexual_abuse": 0.11,
    "animals_harmed": 0.02, "financial_dependence": 0.24, "suspect_suicidal": 0.18, "order_breached": 0.12,
}  # fmt: skip
_NEW_ORDERS = {"DAPN": ("DVPN", first_day(["2024-11"])[0]), "DAPO": ("DVPO", first_day(["2024-11"])[0])}  # pilots replace the older pair
_STALKING_ORDERS_FROM = first_day(["2020-01"])[0]


@dataclass(frozen=True)
class Followed:
    """The rows of one table, and the position of the offence, victim or suspect row that each hangs on."""

    parent: numpy.ndarray
    columns: dict[str, pyarrow.Array]


def draw_outcomes(draw: Draw, offences: Offences, suspects: Suspects, extracted: int) -> Followed:
    """One outcome for most offences, two for a few, none yet for the most recent; `parent` is the offence."""
    size = len(offences.kind)
    wait = numpy.where(offences.suspected, draw.delay(95, size), draw.delay(45, size)) + 1
    done = offences.recorded + wait <= extracted
    revised = done & draw.yes(0.03, size) & (offences.recorded + wait + 30 <= extracted)
    count = done.astype(int) + revised
    offence = numpy.repeat(numpy.arange(size), count)
    rows = len(offence)
    number = numpy.arange(rows) - numpy.repeat(numpy.cumsum(count) - count, count) + 1
    last = number == count[offence]
    day = (offences.recorded + wait)[offence] + numpy.where(number == 2, 30, 0)
    code = draw.codes_by(assumptions.OUTCOMES, offences.suspected[offence].astype(int))
    charged = compute.is_in(code, pyarrow.array(["1", "1A"])).to_numpy(zero_copy_only=False)
    heard = day + 60 + draw.delay(200, rows)
    result = either(heard > extracted, coded(("pending",), numpy.zeros(rows)), draw.codes(assumptions.COURT, rows))
    decided = charged & ~compute.equal(result, "pending").to_numpy(zero_copy_only=False)
    named = charged | compute.is_in(code, pyarrow.array(["2", "3", "3A", "8", "22"])).to_numpy(zero_copy_only=False)
    suspect = numpy.searchsorted(suspects.offence, offence)
    informed = day + draw.delay(4, rows)
    columns = {
        "crime_ref": offences.columns["crime_ref"].take(pyarrow.array(offence)),
        "outcome_number": numbers(number),
        "suspect_id": suspects.columns["suspect_id"].take(
            pyarrow.array(numpy.minimum(suspect, max(len(suspects.offence) - 1, 0)), mask=~named)
        ),
        "outcome_code": code,
        "outcome_date": dates(day),
        "current": flag(last),
        "victim_informed_date": dates(informed, (informed <= extracted) & draw.yes(0.7, rows)),
        "court_result": _only(result, charged),
        "court_date": dates(heard, decided),
        "alternative_offence": flag(compute.is_in(code, pyarrow.array(["1A", "2A", "3A"])).to_numpy(zero_copy_only=False)),
    }
    return Followed(offence, columns)


def suspect_state(draw: Draw, offences: Offences, suspects: Suspects, outcomes: Followed, extracted: int) -> dict[str, pyarrow.Array]:
    """The columns of `suspects` that follow from the outcome of the offence."""
    size, rows = len(offences.kind), len(suspects.offence)
    code = outcomes.columns["outcome_code"]
    charged_on = numpy.full(size, -1)
    for codes, mark in ((("1", "1A"), 0), (("2", "3", "3A", "8", "22"), -2)):
        found = compute.is_in(code, pyarrow.array(codes)).to_numpy(zero_copy_only=False)
        days = outcomes.columns["outcome_date"].cast(pyarrow.int32()).to_numpy()
        charged_on[outcomes.parent[found]] = days[found] if mark == 0 else mark
    on = charged_on[suspects.offence]
    charged, settled = on >= 0, on == -2
    arrested = charged | draw.yes(0.45, rows)
    arrest = offences.recorded[suspects.offence] + draw.delay(12, rows)
    arrest = numpy.where(charged, numpy.minimum(arrest, on), arrest)
    arrested &= arrest <= extracted
    status = either(
        arrested,
        coded(("arrested",), numpy.zeros(rows)),
        draw.codes({"named": 0.35, "interviewed": 0.45, "wanted": 0.08, "eliminated": 0.115, "dead": 0.005}, rows),
    )
    status = either(settled, coded(("dealt-with",), numpy.zeros(rows)), status)
    status = either(charged, coded(("charged",), numpy.zeros(rows)), status)
    bail = draw.codes({"released": 0.62, "conditional": 0.16, "unconditional": 0.02, "rui": 0.12, "custody": 0.08}, rows)
    return {
        "suspect_status": status,
        "arrest_date": dates(arrest, arrested),
        "bail": either(arrested, bail, coded(("none",), numpy.zeros(rows))),
        "charge_date": dates(on, charged),
    }


def draw_risk_assessments(draw: Draw, offences: Offences, victims: Victims, first_number: int, extracted: int) -> Followed:
    """Assessments of most victims of domestic abuse and stalking; `parent` is the victim row."""
    stalking = offences.group[victims.offence] == GROUPS.index("stalking-and-harassment")
    row = numpy.flatnonzero(draw.yes(numpy.where(victims.domestic, 0.85, numpy.where(stalking, 0.10, 0.0)), len(victims.offence)))
    size = len(row)
    day = numpy.minimum(offences.recorded[victims.offence[row]] + draw.delay(0.7, size), extracted)
    grades = tuple(assumptions.RISK_GRADES)
    first = draw.pick(tuple(assumptions.RISK_GRADES.values()), size)
    final = numpy.clip(first + draw.pick((0.05, 0.87, 0.08), size) - 1, 0, 2)
    answers = {name: draw.pick((1 - 0.12 - share, share, 0.12), size) for name, share in _QUESTIONS.items()}
    yes = sum((answer == 1).astype(int) for answer in answers.values())
    dara = (day >= first_day(["2023-01"])[0]) & draw.yes(0.35, size)
    columns = {
        "assessment_id": identifiers("R", first_number + numpy.arange(size)),
        "crime_ref": offences.columns["crime_ref"].take(pyarrow.array(victims.offence[row])),
        "victim_id": victims.columns["victim_id"].take(pyarrow.array(row)),
        "assessment_date": dates(day),
        "risk_tool": either(victims.domestic[row], coded(("DASH", "DARA"), dara), coded(("S-DASH",), numpy.zeros(size))),
        "initial_grade": coded(grades, first),
        "final_grade": coded(grades, final),
        "questions_answered": numbers(numpy.maximum(27 - draw.delay(2, size), 16)),
        "answers_yes": numbers(yes),
        **{name: coded(("no", "yes", "not-known"), answer) for name, answer in answers.items()},
    }
    return Followed(row, columns)


def draw_orders(draw: Draw, offences: Offences, victims: Victims, suspects: Suspects, first_number: int, extracted: int) -> Followed:
    """Orders against a few suspects of domestic abuse and stalking; `parent` is the relationship (victim and suspect row)."""
    offence = victims.offence[suspects.pair_victim]
    likely = numpy.where(
        offences.domestic[offence], 0.035, numpy.where(offences.group[offence] == GROUPS.index("stalking-and-harassment"), 0.01, 0.002)
    )
    applied_all = offences.recorded[offence] + draw.delay(25, len(offence))
    pair = numpy.flatnonzero(draw.yes(likely, len(offence)) & (applied_all <= extracted))
    size, applied, offence = len(pair), applied_all[pair], offence[pair]
    kind = draw.codes(assumptions.ORDERS, size)
    early = compute.starts_with(kind, "SPO").to_numpy(zero_copy_only=False) & (applied < _STALKING_ORDERS_FROM)
    kind = either(early, coded(("RO",), numpy.zeros(size)), kind)
    for new, (old, since) in _NEW_ORDERS.items():
        kind = either(
            compute.equal(kind, old).to_numpy(zero_copy_only=False) & (applied >= since) & draw.yes(0.3, size),
            coded((new,), numpy.zeros(size)),
            kind,
        )
    decided = applied + draw.delay(6, size)
    decision = either(decided > extracted, coded(("pending",), numpy.zeros(size)), draw.codes(assumptions.DECISIONS, size))
    granted = compute.equal(decision, "granted").to_numpy(zero_copy_only=False)
    pending = compute.equal(decision, "pending").to_numpy(zero_copy_only=False)
    short = compute.is_in(kind, pyarrow.array(["DVPN", "DAPN"])).to_numpy(zero_copy_only=False)
    expiry = decided + numpy.where(short, 2, draw.whole(28, 1095, size))
    breach = decided + draw.delay(60, size)
    breached = granted & (breach <= numpy.minimum(expiry, extracted)) & draw.yes(0.25, size)
    columns = {
        "order_id": identifiers("O", first_number + numpy.arange(size)),
        "crime_ref": offences.columns["crime_ref"].take(pyarrow.array(offence)),
        "victim_id": victims.columns["victim_id"].take(pyarrow.array(suspects.pair_victim[pair])),
        "suspect_id": suspects.columns["suspect_id"].take(pyarrow.array(suspects.pair_suspect[pair])),
        "order_type": kind,
        "applied_date": dates(applied),
        "decision": decision,
        "decision_date": dates(decided, ~pending),
        "start_date": dates(decided, granted),
        "expiry_date": dates(expiry, granted & ~draw.yes(0.08, size)),
        "conditions": numbers(draw.whole(1, 7, size), granted),
        "breached": flag(breached),
        "breach_date": dates(breach, breached),
    }
    return Followed(pair, columns)


def _only(values: pyarrow.Array, where: numpy.ndarray) -> pyarrow.Array:
    """The values where a condition holds, else missing."""
    return compute.if_else(pyarrow.array(where), values, pyarrow.scalar(None, values.type))
