//! "Modifier la fiche": changes are gathered, then sent in one call with the
//! password. Nothing that was typed is lost when the service refuses it, nor
//! when another machine was quicker.

use std::fmt;

use anyhow::Result;
use gestan_account_client::{
    Error, FieldMask,
    blocking::Client,
    v1::{Account, ErrorReason, GetRequest, UpdateRequest},
};

use crate::{
    app::App,
    fields::{FIELDS, Field, from_one_line, on_one_line},
    search,
    store::{Pending, Purpose},
    terminal, view, wizard,
};

/// What was read, and what it is to become.
struct Draft {
    base: Account,
    wanted: Account,
}

enum Choice {
    Field { index: usize, line: String },
    Submit,
    GiveUp,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field { line, .. } => line,
            Self::Submit => "Valider",
            Self::GiveUp => "Abandonner",
        })
    }
}

pub(crate) fn run(app: &mut App, client: &Client, account: Account) -> Result<()> {
    let mut draft = Draft { wanted: account.clone(), base: account };
    let mut cursor = 0;
    loop {
        match terminal::choose("Champ à modifier :", draft.choices(), cursor)? {
            Some(Choice::Field { index, .. }) => {
                cursor = index;
                draft.ask(app, &FIELDS[index])?;
            }
            Some(Choice::Submit) => {
                if submit(app, client, &mut draft)? {
                    return Ok(());
                }
            }
            Some(Choice::GiveUp) | None => {
                let unchanged = draft.changes().next().is_none();
                if unchanged || terminal::agree("Abandonner les modifications ?", false)? {
                    return Ok(());
                }
            }
        }
    }
}

/// True when there is nothing left to do.
fn submit(app: &mut App, client: &Client, draft: &mut Draft) -> Result<bool> {
    if draft.changes().next().is_none() {
        app.tell("  Rien n'est modifié.");
        return Ok(true);
    }
    let help = "Ou un code personnel reçu par courriel. Ctrl+R affiche ou cache la saisie.";
    let Some(password) = terminal::ask_secret("Mot de passe :", help)? else {
        return Ok(false);
    };
    match client.update(draft.request(password)) {
        Ok(answer) => {
            app.tell("✓ La fiche est à jour.");
            if !answer.challenge_id.is_empty() {
                let address = &draft.wanted.email;
                println!("  Un code part à l'adresse {address} : elle remplacera l'ancienne dès");
                println!("  que vous aurez saisi ce code.");
                let pending = Pending::new(Purpose::NewAddress, answer.challenge_id, address);
                app.store.set_pending(Some(pending))?;
                wizard::run(app)?;
            }
            Ok(true)
        }
        Err(error) => {
            app.explain(&error);
            match error {
                // After a lost answer, only the account itself can tell.
                Error::Transport(_) | Error::Deadline => reread(app, client, draft),
                _ if error.reason() == Some(ErrorReason::EtagMismatch) => {
                    reread(app, client, draft)
                }
                _ => Ok(false),
            }
        }
    }
}

/// Reads the account again and puts the changes on top. True when they are all
/// in place already, or when the account cannot be read.
fn reread(app: &mut App, client: &Client, draft: &mut Draft) -> Result<bool> {
    let Ok(answer) = app.insist(|| client.get(GetRequest::default()))? else {
        return Ok(true);
    };
    draft.rebase(answer.account.unwrap_or_default());
    if draft.changes().next().is_none() {
        app.tell("✓ Vos modifications sont enregistrées.");
        return Ok(true);
    }
    println!("  Voici la fiche telle qu'elle est maintenant. Vos modifications sont gardées :");
    println!("  vérifiez-les, puis validez.");
    view::show(&draft.base, &[]);
    Ok(false)
}

impl Draft {
    fn changes(&self) -> impl Iterator<Item = &'static Field> {
        static FIELDS: &[Field] = &crate::fields::FIELDS;
        FIELDS.iter().filter(|field| (field.read)(&self.base) != (field.read)(&self.wanted))
    }

    fn choices(&self) -> Vec<Choice> {
        let fields = FIELDS.iter().enumerate().map(|(index, field)| {
            let value = (field.read)(&self.wanted);
            let mark = if value == (field.read)(&self.base) { ' ' } else { '*' };
            let line = format!("{mark} {:<14} : {}", field.label, on_one_line(value));
            Choice::Field { index, line }
        });
        fields.chain([Choice::Submit, Choice::GiveUp]).collect()
    }

    fn ask(&mut self, app: &mut App, field: &Field) -> Result<()> {
        let message = format!("{} :", field.label);
        let is_french = matches!(&*self.wanted.country_code, "" | "FRA");
        let value = (field.write)(&mut self.wanted);
        let Some(typed) = terminal::ask(&message, field.help, &on_one_line(value))? else {
            return Ok(());
        };
        let found = match field.path {
            "country_code" => search::country(app, &typed)?,
            // Elsewhere a code is free, and the lists are none of it.
            "ape_code" if is_french => search::ape_code(app, &typed)?,
            _ => Some(from_one_line(field, &typed)),
        };
        if let Some(found) = found {
            *value = found;
        }
        Ok(())
    }

    fn request(&self, password: String) -> UpdateRequest {
        let mut account = Account { etag: self.base.etag.clone(), ..Default::default() };
        let mut paths = Vec::new();
        for field in self.changes() {
            paths.push(field.path.to_owned());
            (field.write)(&mut account).clone_from((field.read)(&self.wanted));
        }
        UpdateRequest { account: Some(account), update_mask: Some(FieldMask { paths }), password }
    }

    fn rebase(&mut self, base: Account) {
        let mut wanted = base.clone();
        for field in self.changes() {
            (field.write)(&mut wanted).clone_from((field.read)(&self.wanted));
        }
        *self = Self { base, wanted };
    }
}
