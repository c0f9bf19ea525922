//! Sentences of the wizard, in French first, with the English beside each.

use crate::{Language, Language::French};

macro_rules! sentences {
    ($($name:ident: $french:literal, $english:literal;)*) => {$(
        pub(crate) fn $name(language: Language) -> &'static str {
            language.pick($french, $english)
        }
    )*};
}

sentences! {
    answer_needed: "Il faut une réponse.", "An answer is needed.";
    digits_only: "L’ID client ne contient que des chiffres.", "A client ID has digits only.";
    too_short: "Trop court\u{a0}: au moins 10 caractères, par exemple quelques mots sans lien.",
        "Too short: at least 10 characters, for example a few unrelated words.";
    too_weak: "Trop facile à deviner\u{a0}: quelques mots sans lien entre eux, par exemple.",
        "Too easy to guess: a few unrelated words, for example.";
    differ: "Les deux saisies sont différentes.", "The two differ.";
    joined: "Ce poste est rattaché au compte.", "This machine is linked to the account.";
    password_set: "Le mot de passe est enregistré, et ce poste est rattaché au compte.",
        "The password is set, and this machine is linked to the account.";
    password_changed: "Le mot de passe est changé.", "The password is changed.";
    perhaps_changed: "Le changement a peut-être eu lieu\u{a0}: essayez d’abord le nouveau mot de \
        passe la prochaine fois que Gestan vous le demande.",
        "It may have been changed: try the new password first, the next time Gestan asks for it.";
    updated: "La fiche est à jour.", "The form is up to date.";
    changes_kept: "Vos modifications sont enregistrées.", "Your changes are stored.";
    nothing_changed: "Rien n’est modifié.", "Nothing has changed.";
    as_it_is_now: "Voici la fiche telle qu’elle est maintenant. Vos modifications sont \
        gardées\u{a0}: vérifiez-les, puis validez.",
        "This is the form as it is now. Your changes are kept: look at them, then apply them.";
    detached: "Ce poste est détaché. Il peut maintenant rejoindre n’importe quel compte.",
        "This machine is detached. It can join any account now.";
    if_it_exists: "Si ce compte existe, un courriel part à son adresse.",
        "If this account exists, a mail goes to its address.";
    code_right: "Le code est bon. Il reste à choisir le mot de passe.",
        "The code is right. The password is left to be chosen.";
    choose_anew: "Choisissez un nouveau mot de passe, et ce poste y sera rattaché.",
        "Choose a new password, and this machine will be linked to it.";
    code_serves: "Ce code tient lieu de mot de passe pour valider la fiche ou rattacher un poste.",
        "This code serves as the password to apply changes or to link a machine.";
    try_later: "Réessayez dans un instant\u{a0}; si cela dure, appelez l’assistance.",
        "Try again in a moment; if it lasts, call the support desk.";
    unexpected: "Le service de comptes a donné une réponse inattendue.",
        "The account service gave an unexpected answer.";
    no_longer_waiting: "Vous n’attendez plus la réponse. L’action a peut-être eu lieu\u{a0}; rien \
        de ce que vous avez tapé n’est perdu.",
        "You no longer wait for the answer. It may have been done; nothing you typed is lost.";
    no_such_code: "Aucun code ne correspond.", "No code matches.";
    not_kept: "Ce poste ne peut pas noter où il en est\u{a0}:",
        "This machine cannot write down where it stands:";
}

pub(crate) fn mail_sent(address: &str, language: Language) -> String {
    match language {
        French => format!("Un courriel part à l’adresse {address}."),
        Language::English => format!("A mail goes to {address}."),
    }
}

pub(crate) fn code_valid_until(time: &str, language: Language) -> String {
    match language {
        French => format!("Le code qu’il contient est valable jusqu’au {time}."),
        Language::English => format!("The code in it is valid until {time}."),
    }
}

pub(crate) fn other_mail(wait: &str, language: Language) -> String {
    match language {
        French => format!(
            "S’il n’arrive pas, regardez parmi les indésirables\u{a0}; vous pourrez en demander un \
             autre {wait}."
        ),
        Language::English => {
            format!("If it does not come, look among the spam; you can ask for another {wait}.")
        }
    }
}

pub(crate) fn address_is_now(address: &str, language: Language) -> String {
    match language {
        French => format!("L’adresse du compte est maintenant {address}."),
        Language::English => format!("The account’s address is now {address}."),
    }
}

pub(crate) fn address_stays(address: &str, language: Language) -> String {
    match language {
        French => format!("L’adresse du compte reste {address}."),
        Language::English => format!("The account’s address remains {address}."),
    }
}

pub(crate) fn account_was_there(id: u32, language: Language) -> String {
    match language {
        French => format!("Cette adresse a déjà un compte, dont l’ID client est {id}."),
        Language::English => format!("This address has an account already: its client ID is {id}."),
    }
}

pub(crate) fn code_to_new_address(address: &str, language: Language) -> String {
    match language {
        French => format!(
            "Un code part à l’adresse {address}\u{a0}: elle remplacera l’ancienne dès que vous \
             aurez saisi ce code."
        ),
        Language::English => {
            format!("A code goes to {address}: it replaces the old one once you enter that code.")
        }
    }
}

pub(crate) fn machine_detached(name: &str, language: Language) -> String {
    match language {
        French => format!("Le poste «\u{a0}{name}\u{a0}» est détaché du compte."),
        Language::English => format!("The machine “{name}” is detached from the account."),
    }
}

pub(crate) fn renamed(name: &str, language: Language) -> String {
    match language {
        French => format!("Ce poste s’appelle maintenant «\u{a0}{name}\u{a0}»."),
        Language::English => format!("This machine is now called “{name}”."),
    }
}

pub(crate) fn retry(wait: &str, language: Language) -> String {
    match language {
        French => format!("Vous pourrez réessayer {wait}."),
        Language::English => format!("You can try again {wait}."),
    }
}

pub(crate) fn reference(id: &str, language: Language) -> String {
    match language {
        French => format!("Référence à donner à l’assistance\u{a0}: {id}"),
        Language::English => format!("Reference for the support desk: {id}"),
    }
}

pub(crate) fn unreachable(server: &str, language: Language) -> String {
    match language {
        French => format!("Le service de comptes ({server}) est injoignable."),
        Language::English => format!("The account service ({server}) cannot be reached."),
    }
}

pub(crate) fn unreachable_details(cause: &str, language: Language) -> Vec<String> {
    match language {
        French => vec![
            "Vérifiez que ce poste est bien relié à Internet, puis réessayez. Si cela dure, \
             appelez l’assistance."
                .to_owned(),
            format!("Détail technique\u{a0}: {cause}"),
        ],
        Language::English => vec![
            "Check that this machine is online, then try again. If it lasts, call the support desk."
                .to_owned(),
            format!("Technical detail: {cause}"),
        ],
    }
}

pub(crate) fn too_late(server: &str, language: Language) -> String {
    match language {
        French => format!("Le service de comptes ({server}) n’a pas répondu à temps."),
        Language::English => format!("The account service ({server}) did not answer in time."),
    }
}

pub(crate) fn unexpected_details(server: &str, cause: &str, language: Language) -> Vec<String> {
    match language {
        French => vec![
            format!("Vérifiez son adresse ({server}) ou appelez l’assistance."),
            format!("Détail technique\u{a0}: {cause}"),
        ],
        Language::English => vec![
            format!("Check its address ({server}), or call the support desk."),
            format!("Technical detail: {cause}"),
        ],
    }
}
