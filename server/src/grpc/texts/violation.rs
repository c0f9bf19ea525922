//! The words for what is wrong with a field, for people.

use crate::domain::{
    locale::Locale,
    violation::{Expected, Problem},
    weakness::{Guess, Weakness},
};

/// Says what is wrong with a field and how to mend it.
#[must_use]
pub fn violation(problem: &Problem, locale: Locale) -> String {
    match locale {
        Locale::Fr => french(problem),
        Locale::En => english(problem),
    }
}

fn french(problem: &Problem) -> String {
    match problem {
        Problem::Required => "Ce champ est obligatoire.".into(),
        Problem::TooLong { max } => format!("Ce texte est trop long : {max} caractères au plus."),
        Problem::Malformed(expected) => match expected {
            Expected::Uuid => "Un UUID de 36 caractères est attendu.".into(),
            Expected::Locale => "Un code de langue est attendu, par exemple fr-FR.".into(),
            Expected::PersonalCode => {
                "Un code personnel compte douze caractères, sous la forme XXXX-XXXX-XXXX.".into()
            }
            Expected::Ticket => "Ce ticket n’est pas complet : reprenez celui reçu de Confirm.".into(),
            Expected::AccountId => "Un ID client est un nombre supérieur à zéro.".into(),
            Expected::SameAs(field) => format!("Ce champ doit être vide ou égal à « {field} »."),
            Expected::PasswordNotCode => {
                "Un code personnel ne peut pas servir de mot de passe, ni un texte écrit comme lui \
                 (XXXX-XXXX-XXXX) : choisissez autre chose."
                    .into()
            }
            Expected::SomethingVisible => {
                "Ce texte ne contient aucun caractère visible : saisissez-le à nouveau.".into()
            }
            Expected::LetterOrDigit => "Il faut une lettre ou un chiffre au moins.".into(),
            Expected::RequestName => {
                "Lettres sans accent, chiffres, « . », « _ » et « - » seulement, sans espace.".into()
            }
            Expected::EntryId => {
                "Le numéro d’une écriture est un nombre supérieur à zéro : voyez ListTimeEntries.".into()
            }
            Expected::TimeEntryKind => "Cette sorte d’écriture n’existe pas.".into(),
            Expected::Time => "Une date est attendue, par exemple 2026-11-28T08:00:00Z.".into(),
            Expected::Nomenclature => "La nomenclature est « rev2 », « 2025 » ou rien.".into(),
        },
        Problem::ControlCharacter => {
            "Ce texte contient un caractère invisible qui n’est pas permis : saisissez-le à nouveau."
                .into()
        }
        Problem::InvalidEmail => {
            "Cette adresse de courriel n’est pas valable : vérifiez-la, par exemple nom@exemple.fr."
                .into()
        }
        Problem::UnknownCountry => {
            "Ce pays est inconnu : indiquez son code ISO à trois lettres, par exemple FRA.".into()
        }
        Problem::UnknownApeCode => {
            "Ce code APE n’existe pas : quatre chiffres et une lettre, par exemple 1107B.".into()
        }
        Problem::InvalidPostalCode => "En France, un code postal compte cinq chiffres.".into(),
        Problem::InvalidPhone => {
            "Ce numéro de téléphone n’est pas valable dans ce pays : vérifiez-le, ou commencez par \
             l’indicatif du pays, par exemple +32."
                .into()
        }
        Problem::PasswordTooShort => "Ce mot de passe est trop court : 10 caractères au moins.".into(),
        Problem::PasswordTooWeak(weakness) => weakness_french(*weakness),
        Problem::CodeMistyped => {
            "Ce code comporte une faute de frappe : vérifiez-le. Aucun essai n’est compté."
                .into()
        }
        Problem::ReadOnly { path } => format!("Le champ « {path} » ne peut pas être modifié."),
        Problem::UnknownField { path } => format!("Le champ « {path} » n’existe pas."),
        Problem::Conflict { with } => format!("Ce champ et « {with} » s’excluent : n’en donnez qu’un."),
        Problem::Same { other } => {
            format!("Ce champ et « {other} » sont les mêmes : ils doivent être différents.")
        }
        Problem::Differs { from } => format!(
            "Ce champ doit répéter « {from} » : relisez les deux, une erreur serait sans retour."
        ),
        Problem::AlreadyInPlace => "C’est déjà l’adresse de ce compte.".into(),
        Problem::RequestIdReused => {
            "Cet identifiant a déjà servi pour une autre demande : créez-en un nouveau.".into()
        }
        Problem::Negative => "Un nombre négatif n’a pas de sens ici : 0 laisse le choix au service.".into(),
        Problem::OtherPage => {
            "Ce jeton de page n’est pas celui de cette liste : reprenez « next_page_token » de la page \
             précédente, avec les mêmes autres champs."
                .into()
        }
        Problem::OutOfRange { min, max } => format!("Un nombre de {min} à {max} est attendu."),
        Problem::MoreThanLeft { left } => {
            format!("Il ne reste que {left} minutes de cette écriture : 0 les prend toutes.")
        }
        Problem::BalanceOutOfRange => {
            "Le solde de crédit-temps dépasserait 1 000 000 de minutes.".into()
        }
        Problem::TimeOutOfRange { max_days } => {
            format!("Cette date est dans le futur, ou passée de plus de {max_days} jours.")
        }
        Problem::SpanOutOfRange { max_days } => format!(
            "« to_time » doit être après « from_time », de {max_days} jours au plus."
        ),
        Problem::DurationOutOfRange { max_days } => {
            format!("La durée doit être comprise entre 0 et {max_days} jours.")
        }
        Problem::UnknownMachine => {
            "Ce poste n’est pas rattaché à ce compte, et ne l’était pas cette semaine : voyez GetAccount."
                .into()
        }
    }
}

fn english(problem: &Problem) -> String {
    match problem {
        Problem::Required => "This field is required.".into(),
        Problem::TooLong { max } => format!("This text is too long: {max} characters at the most."),
        Problem::Malformed(expected) => match expected {
            Expected::Uuid => "A UUID of 36 characters is expected.".into(),
            Expected::Locale => "A language tag is expected, for example en-GB.".into(),
            Expected::PersonalCode => {
                "A personal code has twelve characters, in the form XXXX-XXXX-XXXX.".into()
            }
            Expected::Ticket => {
                "This ticket is not complete: take the one that Confirm gave.".into()
            }
            Expected::AccountId => "A client ID is a number above zero.".into(),
            Expected::SameAs(field) => format!("This field must be empty or equal to “{field}”."),
            Expected::PasswordNotCode => {
                "A personal code cannot serve as a password, nor can a text written like one \
                 (XXXX-XXXX-XXXX): choose something else."
                    .into()
            }
            Expected::SomethingVisible => {
                "There is nothing to see in this text: type it again.".into()
            }
            Expected::LetterOrDigit => "At least one letter or digit is expected.".into(),
            Expected::RequestName => {
                "Only unaccented letters, digits, “.”, “_” and “-”, without a space.".into()
            }
            Expected::EntryId => {
                "The number of an entry is a number above zero: see ListTimeEntries.".into()
            }
            Expected::TimeEntryKind => "There is no such kind of entry.".into(),
            Expected::Time => "A time is expected, for example 2026-11-28T08:00:00Z.".into(),
            Expected::Nomenclature => "The nomenclature is “rev2”, “2025” or nothing.".into(),
        },
        Problem::ControlCharacter => {
            "This text holds an invisible character that is not allowed: type it again.".into()
        }
        Problem::InvalidEmail => {
            "This e-mail address is not valid: check it, for example name@example.com.".into()
        }
        Problem::UnknownCountry => {
            "This country is unknown: give its three-letter ISO code, for example FRA.".into()
        }
        Problem::UnknownApeCode => {
            "This APE code does not exist: four digits and a letter, for example 1107B.".into()
        }
        Problem::InvalidPostalCode => "In France, a postal code has five digits.".into(),
        Problem::InvalidPhone => {
            "This telephone number is not valid in this country: check it, or start with the \
             country’s code, for example +32."
                .into()
        }
        Problem::PasswordTooShort => "This password is too short: at least 10 characters.".into(),
        Problem::PasswordTooWeak(weakness) => weakness_english(*weakness),
        Problem::CodeMistyped => {
            "This code has a typing mistake: check it. No try has been counted.".into()
        }
        Problem::ReadOnly { path } => format!("The field “{path}” cannot be changed."),
        Problem::UnknownField { path } => format!("The field “{path}” does not exist."),
        Problem::Conflict { with } => {
            format!("This field and “{with}” exclude each other: give one.")
        }
        Problem::Same { other } => {
            format!("This field and “{other}” are the same: they must differ.")
        }
        Problem::Differs { from } => format!(
            "This field must repeat “{from}”: read both again, for a mistake could not be undone."
        ),
        Problem::AlreadyInPlace => "This is the account’s address already.".into(),
        Problem::RequestIdReused => {
            "This ID has been used for a different request: make a new one.".into()
        }
        Problem::Negative => {
            "A number below zero means nothing here: 0 leaves the choice to the service.".into()
        }
        Problem::OtherPage => {
            "This page token is not one of this list: take “next_page_token” of the page before, \
             with the same other fields."
                .into()
        }
        Problem::OutOfRange { min, max } => format!("A number from {min} to {max} is expected."),
        Problem::MoreThanLeft { left } => {
            format!("Only {left} minutes are left of this entry: 0 takes all of them.")
        }
        Problem::BalanceOutOfRange => {
            "The balance of the time credit would exceed 1,000,000 minutes.".into()
        }
        Problem::TimeOutOfRange { max_days } => {
            format!("This time is in the future, or more than {max_days} days ago.")
        }
        Problem::SpanOutOfRange { max_days } => {
            format!("“to_time” must be after “from_time”, by {max_days} days at the most.")
        }
        Problem::DurationOutOfRange { max_days } => {
            format!("The duration must be from 0 to {max_days} days.")
        }
        Problem::UnknownMachine => {
            "This machine is not linked to the account, nor was it this week: see GetAccount."
                .into()
        }
    }
}

fn weakness_french(weakness: Weakness) -> String {
    let Weakness::Guessable(guess) = weakness else {
        return "Ce mot de passe est trop simple : allongez-le, ou mêlez lettres, chiffres et signes."
            .into();
    };
    let why = match guess {
        Guess::Keyboard => "une suite de touches du clavier se devine vite",
        Guess::Repeat => "des caractères répétés se devinent vite",
        Guess::Sequence => "une suite comme abc ou 6543 se devine vite",
        Guess::Date => "une date ou une année se devine vite",
        Guess::Common => "c’est un mot de passe très courant, ou presque",
        Guess::Word => "un mot ou un nom se devine vite, même avec un chiffre à la fin",
        Guess::Personal => "il reprend votre nom, votre société ou votre adresse de courriel",
        Guess::Other => "il se devine trop facilement",
    };
    format!(
        "Ce mot de passe est trop faible : {why}. Quatre mots sans lien entre eux font l’affaire."
    )
}

fn weakness_english(weakness: Weakness) -> String {
    let Weakness::Guessable(guess) = weakness else {
        return "This password is too simple: make it longer, or mix letters, digits and signs."
            .into();
    };
    let why = match guess {
        Guess::Keyboard => "a row of keys is soon guessed",
        Guess::Repeat => "repeated characters are soon guessed",
        Guess::Sequence => "a sequence like abc or 6543 is soon guessed",
        Guess::Date => "a date or a year is soon guessed",
        Guess::Common => "it is a very common password, or nearly so",
        Guess::Word => "a word or a name is soon guessed, even with a digit at its end",
        Guess::Personal => "it uses your name, your company or your e-mail address",
        Guess::Other => "it is too easy to guess",
    };
    format!("This password is too weak: {why}. Four unrelated words will do.")
}
