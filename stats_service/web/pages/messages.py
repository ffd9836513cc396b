"""Messages about errors and names of the services, in the reader's language."""

from collections.abc import Mapping

from flask_babel import format_decimal, get_locale, gettext, lazy_gettext

from stats_service.errors import StatsError, UnknownPollError
from stats_service.web.pages.field_names import FIELD_NAMES

_ = gettext

#: Messages for errors without a Vietnamese text of their own, by code.
CODES = {
    "stale": lazy_gettext(
        "Somebody else has changed this since you opened the page. Nothing was saved. Look at both "
        "versions; saving again puts yours in the place of the other."
    ),
    "site-changed": lazy_gettext("The site is not what it was when the file was looked at."),
    "conflict": lazy_gettext("This is there already, or its state does not allow the change."),
    "not-found": lazy_gettext("This does not exist, or not any more."),
    "unknown-poll": lazy_gettext("There is no such poll, or not any more."),
    "unknown-site": lazy_gettext("This site does not exist, or you have no part in it."),
    "forbidden": lazy_gettext("Your role does not allow this."),
    "store-unavailable": lazy_gettext(
        "The numbers cannot be read at the moment. Nothing is lost; try again shortly."
    ),
}


def explain(error: StatsError) -> str:
    """Return the message for an error, in the language of the page."""
    return explained(error.message, error.values, error.code)


def explained(template: str, values: Mapping[str, object], code: str) -> str:
    """Return the message for an error, from its stored parts."""
    if code == UnknownPollError.code:  # its own text is for the command line
        return str(CODES[code])
    translated = gettext(template)
    if translated == template and str(get_locale()) != "en":
        return str(CODES.get(code) or (template.format(**values) if values else template))
    if not values:
        return str(translated)
    return str(translated.format(**{name: _shown(name, value) for name, value in values.items()}))


def _shown(name: str, value: object) -> object:
    """Return a value in the form for people, and a field by its name on the pages."""
    if str(get_locale()) == "en":  # the template is the error's English text
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return format_decimal(value)
    if name != "field":
        return value
    if str(value) in FIELD_NAMES:
        return FIELD_NAMES[str(value)]
    field, _blank, rest = str(value).partition(" ")  # the rest is the id of an answer
    return f"{FIELD_NAMES.get(field, field)} {rest}".rstrip()


def password_error(error: StatsError) -> str:
    """Return the message after a signed-in person had to enter the password again."""
    if error.code != "sign-in":
        return explain(error)
    text: str = _("The password is wrong. Nothing was changed.")
    return text


def code_error(error: StatsError) -> str:
    """Return the message after a refused code, or a refused password before it."""
    if error.code != "sign-in":
        return explain(error)
    text: str = _(
        "That did not match. A code is valid once and for about a minute: wait for the next one, "
        "and check that the phone's clock is right."
    )
    return text


def role_name(role: str) -> str:
    """Return the name of a role for people."""
    names: dict[str, str] = {
        "viewer": _("Viewer"),
        "editor": _("Editor"),
        "owner": _("Owner"),
        "operator": _("Operator"),
    }
    return names.get(role, role)


def change_name(what: str) -> str:
    """Return the name of a kind of audit entry for people."""
    names: dict[str, str] = {
        "account.created": _("Account created"),
        "account.removed": _("Account removed"),
        "account.password-set": _("Password set"),
        "account.role-set": _("Role changed"),
        "account.operator-set": _("Operator right changed"),
        "account.link-made": _("One-time link made"),
        "account.second-factor-on": _("Two-step sign-in switched on"),
        "account.second-factor-off": _("Two-step sign-in switched off"),
        "account.recovery-code-used": _("Recovery code used"),
        "account.recovery-codes-made": _("New recovery codes made"),
        "account.signed-in": _("Signed in"),
        "account.sign-in-refused": _("Sign-ins refused within an hour"),
        "account.code-refused": _("Wrong code after the right password"),
        "account.device-confirmed": _("New device confirmed"),
        "account.device-removed": _("Device removed"),
        "token.created": _("Token made"),
        "token.revoked": _("Token revoked"),
        "site.created": _("Site added"),
        "site.changed": _("Settings changed"),
        "site.removed": _("Site removed"),
        "opening.set": _("Opening balance set"),
        "articles.merged": _("Articles merged"),
        "articles.renamed": _("Article renamed"),
        "articles.deleted": _("Articles deleted"),
        "articles.hidden": _("Articles hidden"),
        "article.titled": _("Title of an article set"),
        "articles.shown": _("Articles shown again"),
        "articles.taken-back": _("Change of articles taken back"),
        "record.corrected": _("Record corrected"),
        "poll.created": _("Poll created"),
        "poll.changed": _("Poll changed"),
        "poll.opened": _("Poll opened"),
        "poll.closed": _("Poll closed"),
        "poll.archived": _("Poll archived"),
        "poll.copied": _("Poll copied"),
        "poll.withdrawn": _("Poll made a draft again"),
        "poll.listed": _("Poll shown in lists"),
        "poll.unlisted": _("Poll hidden from lists"),
        "poll.deleted": _("Poll deleted"),
        "poll.reset": _("All ballots of a poll removed"),
        "poll.restored": _("Poll restored"),
        "kiosk.enrolled": _("Kiosk enrolled"),
        "kiosk.renamed": _("Kiosk renamed"),
        "kiosk.revoked": _("Kiosk revoked"),
        "quarantine.accepted": _("Ballots accepted"),
        "quarantine.voided": _("Ballots voided"),
        "quarantine.held": _("Ballots held"),
        "network.looked": _("Largest network looked at"),
        "text.approved": _("Free text approved"),
        "text.rejected": _("Free text rejected"),
        "text.pending": _("Free text waits again"),
        "rating.voided": _("Ratings taken out"),
        "rating.restored": _("Ratings put back"),
        "rating.released": _("Held ratings released"),
        "rating.rejected": _("Held ratings taken out"),
        "site.exported": _("Data exported"),
        "site.imported": _("Site restored from an archive"),
        "legacy.imported": _("Numbers of an earlier counter added"),
        "legacy.undone": _("Import of an earlier counter undone"),
        "poll.imported": _("Poll of an earlier counter added"),
        "annotation.added": _("Annotation added"),
        "annotation.changed": _("Annotation changed"),
        "annotation.removed": _("Annotation removed"),
        "annotation.undone": _("Change of an annotation undone"),
        "report.added": _("Report added"),
        "report.agreed": _("Report accepted by its recipient"),
        "webhook.added": _("Webhook added"),
        "notice.tried": _("Report or webhook tried"),
        "notice.removed": _("Report or webhook removed"),
    }
    return names.get(what, what)
