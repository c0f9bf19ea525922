//! What a customer is told of the data beside them (GDPR, article 15(1)): what they are for, how
//! long they are kept, who gets them, which rights there are. `docs/PRIVACY.md` has it column by
//! column; this text must say the same.

use jiff::SignedDuration;

use crate::{domain::locale::Locale, storage::purge::Retention};

/// The information, with the retentions that are in force.
pub(in crate::grpc) fn information(retention: Retention, locale: Locale) -> String {
    let kept = Kept {
        week: days(retention.challenges),
        year: days(retention.audit_events),
        ledger: days(retention.ledgers) / 365,
    };
    match locale {
        Locale::Fr => french(&kept),
        Locale::En => english(&kept),
    }
}

/// How long things are kept.
struct Kept {
    /// Challenges, mails, dead links: days.
    week: u64,
    /// The trail: days.
    year: u64,
    /// The time ledger of an erased account: years.
    ledger: u64,
}

/// Whole days, rounded up.
fn days(span: SignedDuration) -> u64 {
    let hours = u64::try_from(span.as_secs()).unwrap_or_default().div_ceil(3_600);
    hours.div_ceil(24)
}

fn french(kept: &Kept) -> String {
    let Kept { week, year, ledger } = kept;
    format!(
        "À quoi servent ces données : reconnaître le client qui appelle, l’aider, et compter le temps \
         d’assistance acheté et utilisé (exécution du contrat, article 6(1)(b) du RGPD ; pour les pièces \
         comptables, obligation légale, article 6(1)(c)) ; protéger son compte (intérêt légitime, article 6(1)(f)).\n\
         Qui les voit : le client lui-même, notre assistance et l’exploitant du service ; le serveur de \
         courriel qui transporte les messages. Le service ne les transfère pas hors de l’Union \
         européenne. Elles viennent du client, par Gestan, et de l’emploi du service.\n\
         Combien de temps : la fiche, l’adresse et les postes rattachés, jusqu’à l’effacement du compte ; \
         les demandes de code, les courriels et les postes détachés, {week} jours ; l’historique, avec les \
         adresses IP, {year} jours ; le réseau où un poste a été vu, 30 jours ; les limites d’essais et de \
         courriels, deux jours au plus ; le crédit-temps, avec le compte. Après l’effacement ne restent que le \
         numéro du compte et la date, pendant {year} jours la trace de la demande, et pour les comptes, pendant \
         {ledger} ans après l’année de la dernière, les écritures du crédit-temps, sans aucun texte.\n\
         Vos droits : accès, rectification (dans Gestan, fenêtre « Compte client »), effacement, \
         limitation, opposition, portabilité ; adressez-vous à notre assistance. Vous pouvez déposer une \
         réclamation auprès de la CNIL (www.cnil.fr). Aucune décision n’est prise par un automate seul."
    )
}

fn english(kept: &Kept) -> String {
    let Kept { week, year, ledger } = kept;
    format!(
        "What these data are for: to know the customer who calls, to help, and to count the \
         support time that was bought and used (performance of the contract, GDPR, article 6(1)(b); for \
         what supports the books, legal obligation, article 6(1)(c)); to keep the account safe (legitimate interest, article \
         6(1)(f)).\n\
         Who sees them: the customer, our support desk and the operator of the service; the mail relay \
         that carries the messages. The service transfers nothing outside the European Union. They come \
         from the customer, by Gestan, and from the use of the service.\n\
         For how long: the form, the address and the linked machines, until the account is erased; \
         requests for codes, mails and detached machines, {week} days; the trail, with IP addresses, \
         {year} days; the network in which a machine was seen, 30 days; the limits on tries and mails, two \
         days at most; the time credit, with the account. After the erasure nothing stays but the number of \
         the account and the date, for {year} days a trace of the request, and for the books, for {ledger} \
         years after the year of the last one, the entries of the time credit, without any text.\n\
         Your rights: access, rectification (in Gestan, window “Compte client”), erasure, restriction, \
         objection, portability; ask our support desk. You may lodge a complaint with the supervisory \
         authority, in France the CNIL (www.cnil.fr). No decision is taken by a machine alone."
    )
}
