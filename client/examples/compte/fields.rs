//! The fields of the form, under the names that its users know.

use gestan_account_client::v1::Account;

/// One writable field of the account.
pub(crate) struct Field {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) help: &'static str,
    pub(crate) read: fn(&Account) -> &String,
    pub(crate) write: fn(&mut Account) -> &mut String,
}

macro_rules! fields {
    ($($name:ident: $label:literal, $help:literal;)*) => {[$(
        Field {
            path: stringify!($name),
            label: $label,
            help: $help,
            read: |account| &account.$name,
            write: |account| &mut account.$name,
        },
    )*]};
}

/// In the order of the form.
pub(crate) const FIELDS: [Field; 10] = fields! {
    company_name: "Raison sociale", "Le nom de l'entreprise.";
    last_name: "Nom", "Le nom de la personne à contacter.";
    first_name: "Prénom", "Le prénom de la personne à contacter.";
    address: "Adresse", "Une barre | sépare les lignes.";
    postal_code: "Code postal", "Cinq chiffres pour la France.";
    city: "Ville", "La ville.";
    country_code: "Pays", "Le code en trois lettres (FRA), un nom à chercher, ou ? pour la liste.";
    email: "Courriel", "Un code sera envoyé à la nouvelle adresse pour la confirmer.";
    phone: "Tél", "Par exemple 01-58-90-49-77, ou +32… pour l'étranger.";
    ape_code: "APE", "Le code (1107B), un métier à chercher (boulanger), ou ? pour chercher.";
};

/// What the form calls the field at fault. A path that no screen shows is given
/// as it is, for the support desk.
pub(crate) fn label(path: &str) -> &str {
    let name = path.rsplit('.').next().unwrap_or(path);
    if let Some(field) = FIELDS.iter().find(|field| field.path == name) {
        return field.label;
    }
    match path {
        "account_id" => "ID client",
        "code" => "Code personnel",
        "current_password" => "Mot de passe actuel",
        "machine.name" => "Nom de ce poste",
        "new_password" => "Nouveau mot de passe",
        "password" => "Mot de passe",
        "secret" => "Mot de passe ou code personnel",
        _ => path,
    }
}

/// A value on one line: the lines of an address are shown with bars.
pub(crate) fn on_one_line(value: &str) -> String {
    value.lines().collect::<Vec<_>>().join(" | ")
}

/// The value that was typed on one line.
pub(crate) fn from_one_line(field: &Field, text: &str) -> String {
    if field.path == "address" {
        text.split('|').map(str::trim).collect::<Vec<_>>().join("\n")
    } else {
        text.to_owned()
    }
}
