"""Requests in; the table of routes is at the end."""

from __future__ import annotations

from contracts.core import Admin, Anyone, Service, User
from contracts.users import v1 as users
from libs.messaging import feed_route
from services.users import overview, services
from services.users.deps import Deps


def register_user(
    request: users.RegisterUser, _: Anyone, deps: Deps
) -> users.Account | users.AddressTaken:
    return services.register(deps, request)


def log_in(
    request: users.LogIn, _: Anyone, deps: Deps
) -> users.Session | users.WrongCredentials | users.TooManyAttempts:
    return services.log_in(deps, request)


def get_me(_: users.GetMe, caller: User, deps: Deps) -> users.Account | users.NoSuchUser:
    return services.account_of(deps, caller.user_id)


def get_my_overview(
    _: users.GetMyOverview, caller: User, deps: Deps
) -> users.Overview | users.NoSuchUser:
    return overview.of(deps, caller.user_id)


def get_user(
    request: users.GetUser, caller: User | Admin | Service, deps: Deps
) -> users.Account | users.NoSuchUser:
    if isinstance(caller, User) and not isinstance(caller, Admin):
        if caller.user_id != request.user_id:
            return users.NoSuchUser(user_id=request.user_id)
    return services.account_of(deps, request.user_id)


routes = (
    users.RegisterUser.handled_by(register_user),
    users.LogIn.handled_by(log_in),
    users.GetMe.handled_by(get_me),
    users.GetMyOverview.handled_by(get_my_overview),
    users.GetUser.handled_by(get_user),
    feed_route,
)
