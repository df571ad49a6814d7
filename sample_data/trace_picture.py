"""The picture of a trace: one POST /send-customers, drawn from the spans that a collector received of it."""

import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import Browser

from tests.config.telemetry.house import traced_house
from tests.fakes.collector import Arrived
from tests.fakes.faulty import Fault

PASSENGERS = ("Norris", "Galante", "Barrette")
PARTNER_SECONDS = 0.04  # that the stand-in for the partner takes to answer
COLOURS = {"apron-web": "#3b6fd4", "apron-worker": "#c2641c"}
CUT = 2.0  # per cent of the width that a wait in which nothing happens is cut to
STYLE = """
body { margin: 0; padding: 20px 24px; width: 1280px; box-sizing: border-box; background: #fff }
body { font: 13px/1.3 system-ui, sans-serif; color: #1c2430 }
h1 { font-size: 17px; margin: 0 0 2px } p { margin: 0 0 12px; color: #5b6573 }
.row { display: flex; height: 18px; align-items: center } .row:nth-child(even) { background: #f5f7fa }
.name { width: 330px; box-sizing: border-box; flex: none; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.name i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 7px }
.name small { color: #5b6573; font-size: 12px } .main { font-weight: 600 }
.time { position: relative; flex: 1; height: 18px }
.bar { position: absolute; top: 4px; height: 10px; min-width: 2px; border-radius: 2px }
.time span { position: absolute; font-size: 11px; color: #5b6573; white-space: nowrap; top: 1px }
.cut { position: absolute; top: 0; bottom: 0; background: repeating-linear-gradient(135deg, #e3e7ed 0 3px, #fff 3px 6px) }
"""


def take_trace(browser: Browser, place: Path) -> None:
    """Run one POST /send-customers through web, worker and the partner's stand-in, and draw its spans."""
    with tempfile.TemporaryDirectory() as folder:
        spans = spans_of_a_delivery(Path(folder))
    with browser.new_context(viewport={"width": 1280, "height": 400}) as context:
        page = context.new_page()
        page.set_content(drawn(spans))
        page.screenshot(path=place, full_page=True, animations="disabled")


def spans_of_a_delivery(folder: Path) -> list[Arrived]:
    """Return the spans of one trace as the collector received them, in the order of their beginnings."""
    with traced_house(folder) as house:
        house.system.start("run_worker")
        house.import_customers(*PASSENGERS)
        first = house.post("send-customers", headers={"Prefer": "respond-async"})
        house.wait_for_delivery(first.json()["id"])  # the worker runs by now
        house.partner.fail_next(Fault(hang_seconds=PARTNER_SECONDS, answers=True))
        answer = house.post("send-customers", headers={"Prefer": "respond-async"})
        house.wait_for_delivery(answer.json()["id"])
        request = house.request_span(answer)
        house.span(lambda span: span.trace_id == request.trace_id and span.name == "round of a delivery")
        return house.collector.trace(request.trace_id)


class Axis:
    """Where in per cent of the width a moment lies; waits in which nothing happens are cut short."""

    def __init__(self, spans: list[Arrived]) -> None:
        busy = [[spans[0].start, spans[0].end]]
        for span in spans[1:]:
            if span.start > busy[-1][1]:
                busy.append([span.start, span.end])
            busy[-1][1] = max(busy[-1][1], span.end)
        self._busy = busy
        self._scale = (94.0 - CUT * (len(busy) - 1)) / sum(end - start for start, end in busy)

    def place(self, moment: int) -> float:
        before = [(start, end) for start, end in self._busy if start <= moment]
        spent = sum(min(end, moment) - start for start, end in before)
        return spent * self._scale + CUT * (len(before) - 1)

    def cuts(self) -> list[tuple[float, int]]:
        """Return where each cut begins and how long the wait is."""
        pairs = zip(self._busy, self._busy[1:], strict=False)
        return [(self.place(end), start - end) for (_, end), (start, _) in pairs]


def drawn(spans: list[Arrived]) -> str:
    """Return the page."""
    axis, depths = Axis(spans), _depths(spans)
    rows = "".join(_row(span, axis, depths[span.span_id]) for span in spans)
    waits = " and ".join(_duration(nanoseconds) for _, nanoseconds in axis.cuts())
    said = f"Trace {spans[0].trace_id}: {len(spans)} spans of {' and '.join(sorted({span.service for span in spans}))}."
    said += f" Hatched: {waits} until a worker took it up." if waits else ""
    said += " The last bold line is the request to the partner."
    return f"<!doctype html><style>{STYLE}</style><h1>POST /api/send-customers</h1><p>{escape(said)}</p>{rows}"


def _row(span: Arrived, axis: Axis, depth: int) -> str:
    colour = COLOURS.get(span.service, "#777")
    begin, end = axis.place(span.start), axis.place(span.end)
    is_query = "db.query.text" in span.attributes
    cuts = "".join(f'<div class="cut" style="left:{left}%;width:{CUT}%"></div>' for left, _ in axis.cuts())
    name = escape(span.name)
    name = f"{name} <small>{escape(_table(span))}</small>" if is_query else f'<span class="main">{name}</span>'
    dot = f'<i style="background:{colour}"></i>'
    style = f"left:{begin}%;width:{end - begin}%;background:{colour};opacity:{0.55 if is_query else 1}"
    return (
        f'<div class="row"><div class="name" style="padding-left:{14 * depth}px">{dot}{name}</div>'
        f'<div class="time">{cuts}<div class="bar" style="{style}"></div>{_label(span, begin, end)}</div></div>'
    )


def _label(span: Arrived, begin: float, end: float) -> str:
    side = f"right:{100.5 - begin}%" if end > 90 and begin > 10 else f"left:calc({min(end, 93)}% + 6px)"
    return f'<span style="{side}">{_duration(span.end - span.start)}</span>'


def _table(span: Arrived) -> str:
    """Return which of our tables a statement is about."""
    words = str(span.attributes["db.query.text"]).replace('"', " ").replace(".", " ").split()
    return next((word for word in words if word.startswith(("inflight_", "django_q_"))), "")


def _depths(spans: list[Arrived]) -> dict[str, int]:
    depths: dict[str, int] = {}
    for span in spans:  # a parent begins before its children
        depths[span.span_id] = depths.get(span.parent_id, -1) + 1
    return depths


def _duration(nanoseconds: int) -> str:
    milliseconds = nanoseconds / 1e6
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"
