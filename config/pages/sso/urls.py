"""The pages of allauth that can be reached: logins through the provider, and the second factor. None of its other pages is.

The names saml_*, account_* and mfa_* are allauth's, which asks for them.
"""

from allauth.account.views import reauthenticate
from allauth.mfa.base import views as second_factors
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path
from django.views.generic import RedirectView

from config.pages.sso import views
from config.pages.sso.second_factor import CodeView, SetUpView

urlpatterns = [
    path("sso/oidc/login", views.oidc_login, name="sso-oidc-login"),
    path("sso/oidc/callback", views.oidc_callback, name="sso-oidc-callback"),
    path("sso/saml/login", views.saml_login, name="sso-saml-login"),
    path("sso/logout", views.logout_there, name="sso-logout"),
    path("sso/<slug:organization_slug>/acs", views.saml_acs, name="saml_acs"),
    path("sso/<slug:organization_slug>/acs/finish", views.saml_finish, name="saml_finish_acs"),
    path("sso/<slug:organization_slug>/sls", views.saml_sls, name="saml_sls"),
    path("sso/<slug:organization_slug>/metadata", views.saml_metadata, name="saml_metadata"),
    path("login/again", reauthenticate, name="account_reauthenticate"),
    path("login/code", CodeView.as_view(), name="mfa_authenticate"),
    path("login/set-up", SetUpView.as_view(), name="second-factor-set-up"),
    path("login/password", RedirectView.as_view(pattern_name="login", query_string=True), name="account_login"),
    path("second-factor", second_factors.index, name="mfa_index"),
    path("second-factor/set-up", totp.activate_totp, name="mfa_activate_totp"),
    path("second-factor/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/recovery-codes", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "second-factor/recovery-codes/new",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
]
