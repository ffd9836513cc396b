"""What the pages say about errors and names of the services, in the reader's language."""

from flask_babel import get_locale, gettext, lazy_gettext

from stats_service.errors import ConflictError, StatsError

_ = gettext

#: What a field wants, by the word that an error of the services begins with.
FIELDS = {
    "name": lazy_gettext("Write a name that is neither empty nor too long."),
    "account": lazy_gettext(
        "An account's name has 2 to 39 lower-case letters without accents, digits, dots, "
        "underscores or hyphens."
    ),
    "slug": lazy_gettext(
        "The short name has 1 to 39 lower-case letters, digits or hyphens and begins with a "
        "letter or digit."
    ),
    "password": lazy_gettext(
        "The password has at least 10 characters, at least five of them different, and is not "
        "the account's name."
    ),
    "hosts": lazy_gettext("Name at least one host, such as kimson.example.vn, one a line."),
    "host": lazy_gettext(
        "A host is written like kimson.example.vn, or localhost:8080 where the address of the "
        "pages has a port; without a path."
    ),
    "timezone": lazy_gettext("Choose a time zone from the list."),
    "network": lazy_gettext(
        "An excluded address is written like 192.0.2.7 or 192.0.2.0/24. A network wider than /8 "
        "(IPv6: /16) is not taken: it would leave out most readers."
    ),
    "article_parameters": lazy_gettext(
        "A parameter is a word such as id, without ? or =. Those that tell where a reader came "
        "from, such as utm_source and fbclid, are always dropped and name no article."
    ),
    "opening_visits": lazy_gettext("An opening balance is a whole number from 0 to 10^12."),
    "opening_views": lazy_gettext("An opening balance is a whole number from 0 to 10^12."),
    "opening_day": lazy_gettext(
        "Give the day on which the opening balance was read, today at the latest."
    ),
    "article_cap": lazy_gettext("Articles kept by name: a whole number from 1 to 10,000,000."),
    "identity_cap": lazy_gettext("New visitors of an address: a whole number from 1 to 1,000,000."),
    "view_ceiling": lazy_gettext("Views of an address: a whole number from 1 to 100,000,000."),
    "token_ceiling": lazy_gettext("Voters of an address: a whole number from 1 to 1,000,000."),
    "rating_ceiling": lazy_gettext("Ratings of an address: a whole number from 1 to 1,000,000."),
    "article": lazy_gettext("Write the address of an article, such as /tin-tuc/mot-bai."),
    "rating_scale": lazy_gettext("The highest score is 2 to 10."),
    "question": lazy_gettext("Write a question that is neither empty nor too long."),
    "choices": lazy_gettext(
        "A poll has 2 to 50 different answers, one a line; in English as many, or none."
    ),
    "choice": lazy_gettext("An answer is neither empty nor longer than 300 characters."),
    "max_choices": lazy_gettext("A voter may choose at most as many answers as there are."),
    "opens": lazy_gettext("Opening comes before closing; write a date and a time."),
    "closes": lazy_gettext("The closing time is over already, or before the opening."),
    "span": lazy_gettext("The span ends after it begins; write two dates and times."),
    "Somebody": lazy_gettext(
        "Somebody has voted already. Texts can be corrected and answers added or withdrawn; "
        "nothing else."
    ),
    "role": lazy_gettext("Choose one of the roles."),
    "scope": lazy_gettext("Choose one of the scopes."),
    "kind": lazy_gettext("Choose what wrote the file."),
    "file": lazy_gettext("Choose a file."),
    "second": lazy_gettext("WP-Polls needs both of its tables: pollsq, and pollsa as second file."),
    "rows": lazy_gettext("This table is too long for a workbook. Take the CSV."),
    "address": lazy_gettext("An e-mail address is written like name@example.vn."),
    "every": lazy_gettext("Choose week or month."),
    "language": lazy_gettext("Choose one of the languages."),
    "URL": lazy_gettext(
        "A webhook's address begins with https:// and leads to the public Internet, unless the "
        "operator has allowed its host."
    ),
    "event": lazy_gettext("Choose events of the list."),
    "silent": lazy_gettext("Hours of silence: a whole number from 1 to 168."),
    "notices": lazy_gettext("A site has at most 20 of these: remove one first."),
}

#: What a conflict is about, by words that its error has.
CONFLICTS = {
    "last operator": lazy_gettext(
        "This is the last operator, and nobody could manage the service any more. Make another "
        "account an operator first."
    ),
    "have been rated": lazy_gettext(
        "Articles have been rated already, and their scores would mean something else: the "
        "highest score stays as it is."
    ),
    "There is a": lazy_gettext("There is one of this name already. Choose another name."),
}

#: The same for errors that concern no field, by their code.
CODES = {
    "sign-in": lazy_gettext("The name or the password is wrong, or the link was used already."),
    "too-many-attempts": lazy_gettext("Too many attempts. Wait a minute, then try again."),
    "too-many-codes": lazy_gettext(
        "Too many codes were tried today. Use a recovery code, or ask the operator."
    ),
    "too-many-sign-ins": lazy_gettext(
        "Many people sign in at this moment. Try again in a few seconds."
    ),
    "conflict": lazy_gettext("This is there already, or its state does not allow the change."),
    "not-found": lazy_gettext("This does not exist, or not any more."),
    "unknown-poll": lazy_gettext("There is no such poll, or not any more."),
    "unknown-site": lazy_gettext("This site does not exist, or you have no part in it."),
    "forbidden": lazy_gettext("Your role does not allow this."),
    "busy": lazy_gettext("Too many files wait to be confirmed. Confirm or discard one first."),
    "configuration": lazy_gettext(
        "The operator has not set up the sending of e-mail: STATS_SMTP_URL and STATS_MAIL_FROM."
    ),
    "delivery": lazy_gettext("It could not be delivered: the other side did not take it."),
    "store-unavailable": lazy_gettext(
        "The numbers cannot be read at the moment. Nothing is lost; try again shortly."
    ),
}

#: Errors whose own words are for somebody at the command line, or tell too much.
SAID_OTHERWISE = ("sign-in", "unknown-poll")


def explain(error: StatsError) -> str:
    """Return what to tell a person; in English the error's own, more exact, words."""
    if str(get_locale()) == "en" and error.code not in SAID_OTHERWISE:
        return str(error)
    if isinstance(error, ConflictError):
        for words, text in CONFLICTS.items():
            if words in str(error):
                return str(text)
    field = str(error).replace(":", " ").split(" ", 1)[0]
    return str(FIELDS.get(field) or CODES.get(error.code) or error)


def password_error(error: StatsError) -> str:
    """Return what to tell somebody signed in whose password was asked for again."""
    if error.code != "sign-in":
        return explain(error)
    text: str = _("The password is wrong. Nothing was changed.")
    return text


def code_error(error: StatsError) -> str:
    """Return what to tell somebody whose code, or the password before it, was not taken."""
    if error.code != "sign-in":
        return explain(error)
    text: str = _(
        "That did not fit. A code is good once and for a minute: wait for the next one, and see "
        "that the phone's clock is right."
    )
    return text


def role_name(role: str) -> str:
    """Return a role as people say it."""
    names: dict[str, str] = {
        "viewer": _("Viewer"),
        "editor": _("Editor"),
        "owner": _("Owner"),
        "operator": _("Operator"),
    }
    return names.get(role, role)


def change_name(what: str) -> str:
    """Return a kind of audit entry as people say it."""
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
        "token.created": _("Token made"),
        "token.revoked": _("Token revoked"),
        "site.created": _("Site added"),
        "site.changed": _("Settings changed"),
        "site.removed": _("Site removed"),
        "opening.set": _("Opening balance set"),
        "poll.created": _("Poll created"),
        "poll.changed": _("Poll changed"),
        "poll.opened": _("Poll opened"),
        "poll.closed": _("Poll closed"),
        "poll.archived": _("Poll archived"),
        "quarantine.accepted": _("Ballots accepted"),
        "quarantine.voided": _("Ballots voided"),
        "quarantine.held": _("Ballots held"),
        "text.approved": _("Free text approved"),
        "text.rejected": _("Free text rejected"),
        "text.pending": _("Free text waits again"),
        "rating.voided": _("Ratings taken out"),
        "rating.restored": _("Ratings put back"),
        "site.exported": _("Data exported"),
        "site.imported": _("Site restored from an archive"),
        "legacy.imported": _("Numbers of an earlier counter added"),
        "poll.imported": _("Poll of an earlier counter added"),
        "report.added": _("Report added"),
        "webhook.added": _("Webhook added"),
        "notice.tried": _("Report or webhook tried"),
        "notice.removed": _("Report or webhook removed"),
    }
    return names.get(what, what)
