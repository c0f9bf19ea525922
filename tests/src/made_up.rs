//! Made-up accounts of French companies, as an index of words meets them: some names that very
//! many have, and very many names that few have; particles, apostrophes, hyphens, accents.
//! The same number gives the same account in every run.

mod names;

use std::fmt::Write as _;

use gestan_account_client::v1;
use gestan_account_server::domain::search_words;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sea_orm::ConnectionTrait;

use crate::execute;
use names::{FAMILIES, FIRST_NAMES, PLACES, PROVIDERS, RIVERS, SAINTS, SYLLABLES, TOWNS, TRADES};

/// Rows that a statement writes.
const ROWS: u32 = 1_000;

/// The account with this number. No two have one address.
#[must_use]
pub fn account(number: u32) -> v1::Account {
    let mut chance = Chance(StdRng::seed_from_u64(number.into()));
    let last_name = chance.family();
    let first_name = chance.pick(FIRST_NAMES).to_owned();
    let company_name = chance.company(&last_name);
    let (postal_code, city) = chance.town();
    let email = chance.email(number, &first_name, &last_name, &company_name);
    v1::Account {
        email,
        address: format!("{} rue {}", chance.up_to(200) + 1, chance.pick(PLACES)),
        company_name,
        last_name,
        first_name,
        postal_code,
        city,
        country_code: "FRA".to_owned(),
        phone: chance.phone(),
        ..Default::default()
    }
}

/// Writes the accounts with the numbers up to `count` into the database, past the server and
/// so without their words: as they are after an upgrade.
pub async fn insert(db: &impl ConnectionTrait, count: u32) {
    let numbers: Vec<u32> = (1..=count).collect();
    for some in numbers.chunks(ROWS as usize) {
        let mut rows = String::new();
        for number in some {
            let comma = if rows.is_empty() { "" } else { "," };
            let _ = write!(rows, "{comma}{}", row(&account(*number)));
        }
        let columns = "(version, email, email_key, locale, company_name, last_name, first_name, \
                       address, postal_code, city, country_code, phone, phone_e164, ape_code, \
                       create_time, update_time)";
        execute(db, &format!("INSERT INTO account {columns} VALUES {rows}")).await;
    }
}

fn row(account: &v1::Account) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let digits: String = account.phone.chars().filter(char::is_ascii_digit).collect();
    let texts = [
        &account.email,
        &account.email,
        "fr",
        &account.company_name,
        &account.last_name,
        &account.first_name,
        &account.address,
        &account.postal_code,
        &account.city,
        &account.country_code,
        &account.phone,
        &format!("+33{}", &digits[1..]),
        "",
    ];
    format!("(1,{},0,0)", texts.map(quoted).join(","))
}

struct Chance(StdRng);

impl Chance {
    fn up_to(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.up_to(all.len())]
    }

    fn is_one_in(&mut self, count: usize) -> bool {
        self.up_to(count) == 0
    }

    /// One of three has a usual name, and of those the first ones are the most usual.
    fn family(&mut self) -> String {
        if self.is_one_in(3) {
            let (one, two) = (self.up_to(FAMILIES.len()), self.up_to(FAMILIES.len()));
            return FAMILIES[one.min(two)].to_owned();
        }
        let [begin, middle, end] = SYLLABLES;
        format!("{}{}{}", self.pick(begin), self.pick(middle), self.pick(end))
    }

    fn company(&mut self, family: &str) -> String {
        let trade = self.pick(TRADES);
        match self.up_to(8) {
            0 => format!("SARL {family}"),
            1 => format!("Éts {family} & Fils"),
            2 => format!("{trade} {family}"),
            3 => format!("SAS {trade} {family}"),
            4 => format!("L’{trade} {}", self.pick(PLACES)),
            5 => format!("EURL {family} {trade}"),
            6 => format!("{family} Frères"),
            _ => format!("{trade} {}", self.pick(PLACES)),
        }
    }

    fn town(&mut self) -> (String, String) {
        if self.is_one_in(2) {
            let (code, town) = self.pick(TOWNS);
            return (code.to_owned(), town.to_owned());
        }
        let code = format!("{:02}{:03}", self.up_to(95) + 1, self.up_to(1000));
        let small = [self.pick(SAINTS), self.pick(&["sur", "en", "lès"]), self.pick(RIVERS)];
        (code, small.join("-"))
    }

    fn phone(&mut self) -> String {
        let kind = self.pick(&["06 1", "06 2", "06 7", "07 6", "01 4", "03 2", "04 7", "05 5"]);
        let rest: Vec<String> = (0..3).map(|_| format!("{:02}", self.up_to(100))).collect();
        format!("{kind}{} {}", self.up_to(10), rest.join(" "))
    }

    fn email(&mut self, number: u32, first: &str, last: &str, company: &str) -> String {
        let plain = |text| search_words::words(text).concat();
        let (first, last, company) = (plain(first), plain(last), plain(company));
        match self.up_to(3) {
            0 => format!("{first}.{last}{number}@{}", self.pick(PROVIDERS)),
            1 => format!("contact@{company}{number}.fr"),
            _ => format!("{last}{number}@{}", self.pick(PROVIDERS)),
        }
    }
}
