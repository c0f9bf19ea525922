//! What stands on the window beside the wizard's own sentences: French first, the English beside it.
//! An `&` stands before the letter that is pressed together with Alt.

use gestan_account_wizard::Language;

macro_rules! texts {
    ($($name:ident: $french:literal, $english:literal;)*) => {$(
        pub(crate) fn $name(language: Language) -> &'static str {
            match language {
                Language::French => $french,
                Language::English => $english,
            }
        }
    )*};
}

texts! {
    submit: "&Valider", "&Apply";
    close: "&Fermer", "&Close";
    back: "&Retour", "&Back";
    cancel: "A&nnuler", "Ca&ncel";
    again: "Ré&essayer", "Try a&gain";
    waiting: "Un instant…", "One moment…";
    reading: "Lecture de la fiche…", "Reading the account…";
    choose_intro: "Ce poste n’est rattaché à aucun compte. Un seul compte suffit pour toute \
        l’entreprise, quel que soit le nombre de postes.",
        "This machine belongs to no account. One account is enough for the whole company, \
        whatever number of machines it has.";
    create: "&Créer un nouveau compte", "Open a ne&w account";
    create_about: "Une adresse de courriel suffit\u{a0}: un code personnel vous sera envoyé.",
        "An e-mail address will do: a personal code is mailed to it.";
    existing: "Enregistrer un compte e&xistant", "Register an e&xisting account";
    existing_about: "Avec l’ID client et le mot de passe, ou un code reçu par courriel.",
        "With the client ID and the password, or a mailed code.";
    forgotten: "Code &oublié", "F&orgotten code";
    forgotten_about: "Un nouveau code part à l’adresse du compte.",
        "Another code goes to the account’s address.";
    resume_code: "Con&tinuer\u{a0}: saisir le code reçu", "Con&tinue: enter the mailed code";
    resume_password: "Con&tinuer\u{a0}: choisir le mot de passe", "Con&tinue: choose the password";
    resume_about: "Votre demande est en cours.", "Your request is under way.";
    your_data: "Vos données", "Your data";
    create_intro: "Tapez l’adresse de courriel de l’entreprise. Elle ne sert qu’à ce compte.",
        "Type the company’s e-mail address. It serves this account only.";
    forgotten_intro: "Le mot de passe actuel reste valable jusqu’à ce que vous en choisissiez un \
        autre.",
        "The current password goes on working until you choose another one.";
    existing_intro: "L’ID client figure sur la fiche du compte, sur un autre poste\u{a0}; il \
        figure aussi dans les courriels.",
        "The client ID is on the account’s form, on another machine; the mails have it, too.";
    code_intro: "Recopiez ou collez le code que le courriel vous a apporté.",
        "Type or paste the code that the mail brought.";
    send_again: "Ren&voyer le courriel", "&Send the mail again";
    give_up: "A&bandonner cette demande", "Give &up this request";
    password_intro: "Choisissez le mot de passe du compte.",
        "Choose the account’s password.";
    unlink_others: "&Détacher tous les autres postes de ce compte",
        "&Detach all other machines of this account";
    show_secret: "A&fficher la saisie", "Sho&w what is typed";
    detach: "&Détacher ce poste", "&Detach this machine";
    mail_code: "Re&nvoyer un code", "&Mail a code";
    more: "A&utres actions", "M&ore";
    change_password: "Changer le mot de passe", "Change the password";
    rename: "Renommer ce poste", "Rename this machine";
    keep_address: "&Garder l’ancienne adresse", "&Keep the old address";
    enter_code: "&Saisir le code", "Enter the c&ode";
    client_id: "ID client", "Client ID";
    search_country: "Chercher un pays", "Look for a country";
    search_ape: "Chercher une activité", "Look for an activity";
    search: "C&hercher", "Searc&h";
    more_results: "Voir la &suite", "Show &more";
    machines: "Postes rattachés", "Linked machines";
    detach_other: "Détacher", "Detach";
    time: "Crédit-temps", "Support time";
    balance: "Solde", "Balance";
    prove_intro: "Vérifiez ce qui change, puis tapez le mot de passe du compte.",
        "Look at what changes, then type the account’s password.";
    empty: "(vide)", "(empty)";
    detach_intro: "Ce poste ne sera plus rattaché au compte. Il pourra ensuite rejoindre \
        n’importe quel compte.",
        "This machine will no longer belong to the account. It can join any account afterwards.";
    detach_now: "&Détacher", "&Detach";
    abandon_intro: "Des champs de la fiche ont changé et ne sont pas enregistrés\u{a0}:",
        "Fields of the form have changed and are not stored:";
    abandon_now: "Fermer &sans enregistrer", "Close &without storing";
    stay: "&Revenir à la fiche", "&Back to the form";
    too_short: "Trop court\u{a0}: au moins 10 caractères", "Too short: at least 10 characters";
    too_weak: "Trop facile à deviner", "Too easy to guess";
    good: "Bon mot de passe", "A good password";
    very_good: "Très bon mot de passe", "A very good password";
}

pub(crate) fn pending_email(address: &str, language: Language) -> String {
    match language {
        Language::French => format!("En attente de confirmation\u{a0}: {address}"),
        Language::English => format!("Waits for its confirmation: {address}"),
    }
}

pub(crate) fn detach_named(name: &str, language: Language) -> String {
    match language {
        Language::French => {
            format!("Le poste «\u{a0}{name}\u{a0}» ne sera plus rattaché au compte.")
        }
        Language::English => format!("The machine “{name}” will no longer belong to the account."),
    }
}
