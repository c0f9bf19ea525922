//! What to tell a person when the service has said nothing itself.
//!
//! The language is that of the options of the connection: French, unless English is asked for.

use std::sync::atomic::{AtomicBool, Ordering};

static ENGLISH: AtomicBool = AtomicBool::new(false);

/// What a person is told of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// The service cannot be reached.
    Unreachable,
    /// It did not answer in time.
    Late,
    /// The host has called in a way that makes no sense.
    Misused,
    /// The link token cannot be read or kept.
    Unkept,
    /// This library is at fault.
    Broken,
}

/// Takes the language of a locale for all that is said from now on.
pub(crate) fn speak(locale: &str) {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    ENGLISH.store(language.eq_ignore_ascii_case("en"), Ordering::Relaxed);
}

/// The text for a person.
pub(crate) fn of(trouble: Trouble) -> &'static str {
    let (french, english) = in_both(trouble);
    if ENGLISH.load(Ordering::Relaxed) { english } else { french }
}

fn in_both(trouble: Trouble) -> (&'static str, &'static str) {
    match trouble {
        Trouble::Unreachable => (
            "Le service des comptes Gestan ne peut pas être joint. Vérifiez la connexion à \
             Internet, puis réessayez.",
            "Gestan's account service cannot be reached. Check the Internet connection, then try \
             again.",
        ),
        Trouble::Late => (
            "Le service des comptes Gestan n'a pas répondu à temps. Réessayez dans un moment.",
            "Gestan's account service did not answer in time. Try again in a moment.",
        ),
        Trouble::Misused => (
            "Cette version de Gestan n'a pas su s'adresser au service des comptes. Signalez-le à \
             l'assistance.",
            "This version of Gestan could not talk to the account service. Please tell support.",
        ),
        Trouble::Unkept => (
            "Ce poste ne peut pas lire ou garder son rattachement au compte client. Signalez-le à \
             l'assistance.",
            "This machine cannot read or keep its link to the account. Please tell support.",
        ),
        Trouble::Broken => (
            "Une erreur interne s'est produite. Signalez-la à l'assistance.",
            "An internal error has occurred. Please tell support.",
        ),
    }
}
