"""Admin of what allauth keeps of logins. Superusers look and delete; nothing secret is shown, and nothing is edited."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401 - they register what is unregistered here
from allauth.account.models import EmailAddress
from allauth.mfa.base.internal.flows import delete_dangling_recovery_codes
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from config.admin.base import ReadOnlyAdmin

for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors. Who has lost the telephone has the app deleted here, and sets up a new one.

    The recovery codes go with the app for which they stand in: they would be good for the next one, too.
    """

    icon = "phonelink_lock"
    when_empty = gettext_lazy("Nobody has set up a second factor yet. Each user does it in their own account.")
    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    ordering = ("-pk",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.has_perm("mfa.delete_authenticator")

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        super().delete_model(request, obj)
        delete_dangling_recovery_codes(obj.user)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Authenticator]) -> None:
        users = [each.user for each in queryset.select_related("user")]
        super().delete_queryset(request, queryset)
        for user in users:
            delete_dangling_recovery_codes(user)


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Who came through the identity provider, and what it calls them. After a deletion, the next login makes a new account."""

    icon = "id_card"
    when_empty = gettext_lazy(
        "Nobody has logged in through the company's login yet. The settings SSO_… set it up: docs/configuration.md."
    )
    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_select_related = ("user",)
    search_fields = ("user__username", "uid__exact")
    ordering = ("-pk",)
    fields = ("user", "provider", "uid", "date_joined", "last_login")

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.has_perm("socialaccount.delete_socialaccount")
