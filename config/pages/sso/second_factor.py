"""The second factor of those who log in with a password: codes of an app on their telephone (TOTP), and recovery codes.

A login is pending until the code is right: allauth keeps it in the session, and nobody is logged in before.
"""

from base64 import b64encode
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from config.access.throttling import Kind, Subject, account_of, reserve

MOST_TRIES = 5  # wrong codes of one login; then the password is asked for again
TRIES = "second_factor_tries"  # in the session
REMEMBERED = 3  # codes that were used: as many as are good at the same time


def log_in(request: HttpRequest, user: User, then: str) -> HttpResponseRedirect:
    """Go on with somebody whose password was right: to the second factor, or in, and to `then`."""
    login = Login(user=user, redirect_url=then)
    return perform_password_login(request, {"username": user.get_username()}, login)  # type: ignore[no-any-return]


def came_through_provider(login: Login) -> bool:
    """Return whether the identity provider vouches for them; what it asks for beside a password is its business."""
    return bool(login.signal_kwargs and "sociallogin" in login.signal_kwargs)


class AskForCode(AuthenticateStage):  # type: ignore[misc]
    """The step of a login that asks for the code of who has one."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if came_through_provider(self.login):
            return None, True
        asked: tuple[HttpResponse | None, bool] = super().handle()
        return asked


class SetUp(LoginStage):  # type: ignore[misc]
    """The step of a login that has who has no second factor set one up, where it is required."""

    key = "second_factor_set_up"
    urlname = "second-factor-set-up"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        is_free = not settings.REQUIRE_SECOND_FACTOR or came_through_provider(self.login)
        if is_free or is_mfa_enabled(self.login.user, [Authenticator.Type.TOTP]):
            return None, True
        return redirect(self.urlname), True


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """Takes a code once, whichever web process is asked; wrong ones make the account wait, which no right password ends."""

    def clean_code(self) -> str:
        name = self.user.get_username()
        attempt = reserve(Subject(Kind.CODE, account_of(name)))
        try:
            code: str = super().clean_code()
            if self.authenticator.type == Authenticator.Type.TOTP:
                _use_up(self.authenticator.pk, normalize_user_code(code))
        except ValidationError:
            attempt.fail()
            user_login_failed.send(sender=__name__, credentials={"username": name}, request=context.request)
            raise
        except BaseException:
            attempt.give_back()
            raise
        attempt.succeed()
        return code


class CodeView(AuthenticateView):  # type: ignore[misc]
    """Ask for a code; after some wrong ones, for the password again."""

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        tries = self.request.session.get(TRIES, 0) + 1
        self.request.session[TRIES] = tries
        if tries < MOST_TRIES:
            return super().form_invalid(form)  # type: ignore[no-any-return]
        del self.request.session[TRIES]
        clear_login(self.request)
        messages.error(self.request, _("Too many wrong codes. Please begin again with your password."))
        return redirect("login")


@transaction.atomic
def _use_up(authenticator: int, code: str) -> None:
    """Raise ValidationError for a code that was used. allauth remembers that in one process only."""
    found = Authenticator.objects.select_for_update().get(pk=authenticator)
    used = found.data.get("used", [])
    if code in used:
        raise get_adapter().validation_error("incorrect_code")
    found.data["used"] = [code, *used][:REMEMBERED]
    found.save(update_fields=["data"])


@method_decorator(login_stage_required(stage=SetUp.key, redirect_urlname="login"), name="dispatch")
class SetUpView(FormView):  # type: ignore[type-arg]
    """Have somebody set up a second factor, whose password was right and who is not logged in yet."""

    template_name = "mfa/totp/activate_form.html"
    form_class = ActivateTOTPForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.stage.login.user}

    @property
    def stage(self) -> SetUp:
        return self.request._login_stage  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001 - allauth's decorator sets it

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        url = get_adapter().build_totp_url(self.stage.login.user, found["form"].secret)
        picture = b64encode(get_adapter().build_totp_svg(url).encode()).decode()
        return found | {"totp_svg_data_uri": f"data:image/svg+xml;base64,{picture}", "is_required": True}

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the second factor, let them in, and show the recovery codes."""
        user = self.stage.login.user
        with transaction.atomic():
            TOTP.activate(user, form.secret)
            codes = RecoveryCodes.activate(user).get_unused_codes()
        clear_totp_secret(self.request)
        self.stage.exit()
        shown = {"unused_codes": codes, "then": self.stage.login.redirect_url}
        return render(self.request, "mfa/recovery_codes/index.html", shown)
