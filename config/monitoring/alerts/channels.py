"""The channels that messages go out by: a webhook (JSON that Slack takes, too) and email.

Where a message goes to stays in the settings: a webhook's address is a secret, and no error here has it.
"""

import smtplib
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext, gettext_noop, override

from config.core.json import dumps
from config.core.kept_texts import translated
from config.http.client import Client, TransportError
from config.models import AlertMessage

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
MOST_ANSWERED = 65_536  # bytes
REFUSED_FOR_GOOD = 500  # SMTP's replies from here on


def configured() -> list[str]:
    """Return the channels that are configured."""
    to = {AlertMessage.Channel.WEBHOOK: settings.ALERT_WEBHOOK, AlertMessage.Channel.EMAIL: settings.ALERT_EMAILS}
    return [channel.value for channel, address in to.items() if address]


def send(message: AlertMessage) -> None:
    """Send a message once; raise TransportError, permanent or not, where it was not taken."""
    if message.channel not in configured():
        raise TransportError(
            gettext_noop("no %(channel)s is configured any more") % {"channel": message.channel}, permanent=True
        )
    try:
        _SENDERS[message.channel](message)
    except TransportError:
        raise
    except Exception as error:  # its text and its traceback may have the address
        raise TransportError(f"{message.channel}: {type(error).__name__}", permanent=False) from None


def slack_text(content: dict[str, Any]) -> str:
    """Return a message as Slack's text, in which three characters mean something."""
    lines = [f"*{content['severity'].upper()}: {content['title']}*", content["detail"], content["url"]]
    text = "\n".join(line for line in lines if line)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _send_webhook(message: AlertMessage) -> None:
    with Client(
        role="the alert webhook",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        max_body=MOST_ANSWERED,
        public_only=not settings.ALERT_ALLOW_PRIVATE,
    ) as client:
        client.call(
            "POST",
            settings.ALERT_WEBHOOK,
            headers={"Content-Type": "application/json", "Idempotency-Key": str(message.idempotency_key)},
            data=dumps(
                {
                    "text": slack_text(message.content),
                    "alert": {"id": str(message.idempotency_key), **message.content},
                }
            ),
            wants_body=False,
        )


def _send_email(message: AlertMessage) -> None:
    content = message.content
    with override(settings.MAIL_LANGUAGE):
        title, detail = translated(content["title"]), "\n".join(map(translated, content["detail"].split("\n")))
        lines = [title, detail, gettext("Since %(since)s.") % {"since": content["since"]}, content["url"]]
        severity = gettext(content["severity"])
    mail = EmailMessage(
        subject=f"[Apron] {severity}: {' '.join(title.split())}",
        body="\n\n".join(line for line in lines if line),
        to=settings.ALERT_EMAILS,
        headers={
            "Message-ID": f"<{message.idempotency_key}@apron>",  # the same at each attempt: mailboxes drop the second
            "Date": formatdate(message.created_at.timestamp()),
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        raise TransportError(_smtp_error(error), permanent=_is_refused_for_good(error)) from None


def _smtp_codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def _is_refused_for_good(error: Exception) -> bool:
    codes = _smtp_codes(error)
    return bool(codes) and all(code >= REFUSED_FOR_GOOD for code in codes)


def _smtp_error(error: Exception) -> str:
    """Say what failed by its kind and code: a server's text may repeat what it was given."""
    codes = ", ".join(str(code) for code in _smtp_codes(error))
    said = f" answered {codes}" if codes else f" could not be reached or fell silent ({type(error).__name__})"
    return f"the mail server{said}"


_SENDERS: dict[str, Callable[[AlertMessage], None]] = {
    AlertMessage.Channel.WEBHOOK: _send_webhook,
    AlertMessage.Channel.EMAIL: _send_email,
}
