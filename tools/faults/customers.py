"""People who shop, each a thread: seeded, so that the same ones want the same things again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count

from contracts.shared.ids import UserId
from services.orders.saga import order_id_for
from tools.faults import steps
from tools.faults.doors import Answer, Doors
from tools.faults.history import History, Registration, Said, Told, Wish
from tools.faults.shelf import Shelf
from tools.faults.steps import Step

CUSTOMERS = 20
_PASSWORD = "correct horse battery"
_TOKEN_S = 240.0  # of ten minutes, of which a clock that is wrong may take away five
_THINKS_S = (0.2, 0.8)
_SETTLES_S = 8.0  # how long they insist once the shop is to be judged
_INSISTS_EVERY_S = 0.7
_RESTS_S = (1.0, 2.0)  # after they were asked to come again later
_COME_WITHIN_S = 2.0
_LOOKS_EVERY_S = 0.5
_LATEST = 8  # orders that they keep looking at
_GOOD, _DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
_REFUSALS = {409, 422}
_IN_FLIGHT = "/still-in-flight"

WANTS: Mapping[Step, int] = {
    steps.ORDER: 14,
    steps.BROWSE: 36,
    steps.SEARCH: 12,
    steps.PRODUCT: 12,
    steps.ORDERS: 12,
    steps.ME: 8,
    steps.OVERVIEW: 6,
}
"""Of a hundred things that somebody feels like."""
_PATHS: Mapping[Step, str] = {
    steps.BROWSE: "/api/v1/products?category=things&limit=10",
    steps.SEARCH: "/api/v1/products?query={word}",
    steps.PRODUCT: "/api/v1/products/{sku}",
    steps.ORDERS: "/api/v1/orders",
    steps.ME: "/api/v1/users/me",
    steps.OVERVIEW: "/api/v1/users/me/overview",
}


class Customer:
    """Registers, browses, orders, pays with good cards and declined ones, cancels some, looks what
    became of it. Seven of ten repeat a request of which they do not know whether it was heard."""

    def __init__(
        self,
        number: int,
        seed: int,
        history: History,
        url: Callable[[str], str],
        wants: Mapping[Step, int],
    ) -> None:
        self._number = number
        self._wants = wants
        self._chance = random.Random(f"{seed}/{number}")
        self._history = history
        self._doors = Doors(url)
        self._names = count()
        self._keys = count()
        self._patient = self._chance.random() < 0.7
        self._account: Registration | None = None
        self._unsure = False
        self._token = ""
        self._token_until = 0.0
        self._open: list[Wish] = []
        self._insist_at = 0.0
        self._look_at = 0.0
        self._rests_until = 0.0

    def come_in(self) -> None:
        """With no token of another day: the clock that dated it may have been wrong to the one side,
        and the next one is to the other."""
        self._token_until = 0.0

    def shop(self, shelf: Shelf) -> None:
        """One thing, whatever they feel like."""
        now = time.monotonic()
        if now < self._rests_until:
            return
        if self._account is None or not self._account.user_id or self._chance.random() < 0.012:
            self._become_somebody()
        elif now > self._token_until:
            self._log_in()
        elif self._patient and now > self._insist_at and (wish := self._unheard()) is not None:
            self._insist_at = now + _INSISTS_EVERY_S
            self.place(wish)
        elif now > self._look_at and (wish := self._pending()) is not None:
            self._look_at = now + _LOOKS_EVERY_S
            self._look(wish)
        else:
            self._something(shelf)

    def settle(self) -> None:
        """Find out what can be found out, within some seconds; then do nothing."""
        ends = time.monotonic() + (_SETTLES_S if self._patient else 0.0)
        while time.monotonic() < ends and (wish := self._unheard()) is not None:
            self.place(wish)
            if wish.said != "ok":
                time.sleep(_INSISTS_EVERY_S)
        self._doors.close()

    def look_once_more(self) -> None:
        """At all orders of which they have not seen the end."""
        for wish in self._open:
            if wish.placed:
                self._look(wish)
        self._open.clear()
        self._doors.close()

    # What they do

    def _something(self, shelf: Shelf) -> None:
        (step,) = self._chance.choices(list(self._wants), list(self._wants.values()))
        if step is steps.ORDER:
            self._order(shelf)
        else:
            sku = self._chance.choice(list(shelf.units))
            self._get(step, _PATHS[step].format(sku=sku, word=self._chance.choice(_WORDS)))

    def _become_somebody(self) -> None:
        account = self._account
        if account is None or account.user_id or account.said == "failed" or not self._patient:
            email = f"customer-{self._number}-{next(self._names)}@faults.example"
            account = Registration(email, f"Customer {self._number}", self._history.round)
            self._account = account
            self._unsure = False
            self._token = ""
            self._open.clear()
            self._history.register(account)
        if account.said == "ok":  # they only could not log in
            self._log_in()
            return
        wanted = {"email": account.email, "name": account.name, "password": _PASSWORD}
        answer = self._ask(steps.REGISTER, "POST", "/api/v1/users", wanted, good={409})
        if answer.status in (201, 409):  # taken: by ourselves, when we were not told
            account.said = "ok"
            self._log_in()
        elif _may_have_begun(answer):
            self._unsure = True
        elif not self._unsure:  # else an earlier try may have been heard
            account.said = "failed"

    def _log_in(self) -> None:
        assert self._account is not None
        who = {"email": self._account.email, "password": _PASSWORD}
        answer = self._ask(steps.LOG_IN, "POST", "/api/v1/sessions", who)
        if answer.status == 201 and (
            said := self._read(steps.LOG_IN, answer, "user_id", "access_token")
        ):
            self._account.user_id = said["user_id"]
            self._token = said["access_token"]
            self._token_until = time.monotonic() + _TOKEN_S

    def _order(self, shelf: Shelf) -> None:
        assert self._account is not None
        key = f"{self._number}-{next(self._keys)}"
        user_id = self._account.user_id
        wish = Wish(
            order_id=order_id_for(UserId(user_id), key),
            key=key,
            user_id=user_id,
            email=self._account.email,
            card=_DECLINED if self._chance.random() < 0.25 else _GOOD,
            lines=shelf.lines(self._chance),
            round=self._history.round,
        )
        self._history.wish(wish)
        self._open.append(wish)
        del self._open[:-_LATEST]
        self.place(wish)
        if wish.placed and self._chance.random() < 0.15:
            self._cancel(wish)

    def place(self, wish: Wish) -> None:
        """Send it, for the first time or again; it knows afterwards what the answer told."""
        wanted = {
            "lines": [{"sku": sku, "quantity": units} for sku, units in wish.lines],
            "payment_method": wish.card,
        }
        key = {"Idempotency-Key": wish.key}
        answer = self._ask(
            steps.ORDER, "POST", "/api/v1/orders", wanted, headers=key, good=_REFUSALS
        )
        if answer.status == 201:
            wish.said, wish.placed = "ok", True
            self._saw(steps.ORDER, wish, answer)
        elif (
            answer.status in _REFUSALS
            and (said := self._read(steps.ORDER, answer, "type"))
            and not said["type"].endswith(_IN_FLIGHT)
        ):
            wish.said, wish.refused = "ok", said["type"]
        else:
            wish.unsure = wish.unsure or answer.status in _REFUSALS or _may_have_begun(answer)
            wish.said = "unknown" if wish.unsure else "failed"

    def _look(self, wish: Wish) -> None:
        answer = self._get(steps.LOOK, f"/api/v1/orders/{wish.order_id}")
        if answer.status == 200:
            self._saw(steps.LOOK, wish, answer)

    def _cancel(self, wish: Wish) -> None:
        wish.asked_to_cancel = True
        path = f"/api/v1/orders/{wish.order_id}/cancellation"
        answer = self._ask(steps.CANCEL, "POST", path, good={409})
        if answer.status == 200:
            wish.told_cancelled = True
            self._saw(steps.CANCEL, wish, answer)

    def _saw(self, step: Step, wish: Wish, answer: Answer) -> None:
        said = self._read(step, answer, "order_id", "status")
        if said is None:
            return
        order_id, status = said["order_id"], said["status"]
        if order_id != wish.order_id:
            wish.others = (*wish.others, order_id)
        elif not wish.seen or wish.seen[-1] != status:
            wish.seen = (*wish.seen, status)

    def _unheard(self) -> Wish | None:
        for wish in self._open:
            if wish.said != "ok":
                return wish
        return None

    def _pending(self) -> Wish | None:
        waiting = [w for w in self._open if w.placed and w.seen[-1:] in ((), ("pending",))]
        return self._chance.choice(waiting) if waiting else None

    def _read(self, step: Step, answer: Answer, *names: str) -> dict[str, str] | None:
        """The answer, if these are in it; else it is kept as a finding."""
        body = answer.body
        if isinstance(body, dict) and all(isinstance(body.get(name), str) for name in names):
            return body
        email = self._account.email if self._account else ""
        self._history.cannot_read(
            f"{email}: {step.name} was answered {answer.status} without {' and '.join(names)}: "
            f"{answer.why or str(body)[:200]}"
        )
        return None

    def _get(self, step: Step, path: str) -> Answer:
        return self._ask(step, "GET", path)

    def _ask(
        self,
        step: Step,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        good: set[int] | frozenset[int] = frozenset(),
    ) -> Answer:
        sent = dict(headers or {})
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        phase, at = self._history.phase, time.monotonic()
        # Orders have keys; to register twice is refused, to cancel twice as well.
        answer = self._doors.ask(method, step.service, path, body, sent, repeatable=True)
        if answer.status == 401:
            self._token_until = 0.0
        if answer.status in (429, 503):
            # As Retry-After says; and not all at once.
            self._rests_until = time.monotonic() + self._chance.uniform(*_RESTS_S)
        said: Said = "failed"
        if 200 <= answer.status < 300 or answer.status in good:
            said = "ok"
        elif answer.heard and method != "GET" and (answer.status == 0 or answer.status >= 500):
            said = "unknown"
        why = answer.why or (str(answer.body)[:300] if said != "ok" else "")
        self._history.note(
            Told(
                at=at,
                took_s=answer.took_s,
                phase=phase,
                customer=self._number,
                step=step.name,
                needs=step.needs,
                said=said,
                status=answer.status,
                why=why,
            )
        )
        return answer


_WORDS = ("mug", "tea", "blue", "lamp", "thing", "wool", "chair", "harbour")


def _may_have_begun(answer: Answer) -> bool:
    """Whether a request that did not go well may have done something. One that is refused for what
    it says has not."""
    return answer.heard and not 400 <= answer.status < 500


class Customers:
    """All of them. They stand still at first."""

    def __init__(
        self,
        history: History,
        url: Callable[[str], str],
        *,
        seed: int,
        number: int = CUSTOMERS,
        wants: Mapping[Step, int] = WANTS,
    ) -> None:
        self._everybody = [Customer(n, seed, history, url, wants) for n in range(number)]
        self._history = history
        self._shelf = Shelf({})
        self._open = threading.Event()
        self._threads: list[threading.Thread] = []
        self.broken: BaseException | None = None

    def open(self, shelf: Shelf) -> None:
        """They come in and shop."""
        self._shelf = shelf
        self._open.set()
        self._threads = [
            threading.Thread(target=self._live, args=(n, each), daemon=True)
            for n, each in enumerate(self._everybody)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """They finish what they began, and go. Raises what broke one of them: a bug of ours."""
        self._open.clear()
        for thread in self._threads:
            thread.join()
        self._threads = []
        if self.broken is not None:
            raise self.broken

    def look_once_more(self) -> None:
        """Each sees what became of their orders."""
        for each in self._everybody:
            each.look_once_more()

    def _live(self, number: int, customer: Customer) -> None:
        chance = random.Random(f"{self._history.round}/{number}")
        try:
            time.sleep(chance.uniform(0.0, _COME_WITHIN_S))
            customer.come_in()
            while self._open.is_set():
                customer.shop(self._shelf)
                # Not the event: waking two dozen waiters at once would be a stampede.
                time.sleep(chance.uniform(*_THINKS_S))
            customer.settle()
        except BaseException as error:  # kept for `close`, which is in the thread of the run
            self.broken = error
