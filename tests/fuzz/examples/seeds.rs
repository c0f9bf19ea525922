//! Writes the corpus that fuzzing starts from, and shows that its calls do what
//! they are named for.

use std::{error::Error, fs, path::Path};

use gestan_account_fuzz::{
    desk::{Desk, seeds},
    service::{self, Service},
};

/// Texts that parsers take, one to a file, with the first byte that goes before.
const TEXTS: [(&str, u8, &str); 26] = [
    ("email", 0, "Jean.Dupont+gestan@Exämple.FR"),
    ("phone", 0, "01-58-90-49-77"),
    ("phone-abroad", 1, "+32 2 123 45 67"),
    ("phone-overseas", 0, "0262 12 34 56"),
    ("ape", 0, "11.07b"),
    ("postal-code", 0, "75 002"),
    ("country", 0, "fra"),
    ("code", 0, "0000-0000-0000"),
    ("code-kelvin", 0, "0000-0000-00\u{212a}3"),
    ("uuid", 0, "01980000-0000-7000-8000-000000000001"),
    ("password", 0, "quatre bateaux verts dansent"),
    ("address", 8, "3 rue de la Paix\r\nBa\u{302}timent B"),
    ("control", 0, "a\u{202e}b\u{7}"),
    ("path", 0, "company_name"),
    ("locale", 0, "en-GB"),
    ("languages", 0, "en-US,en;q=0.9,fr;q=0.8,*;q=0.1"),
    ("limits", 0, "1/1m,5/1h,10/24h"),
    ("proxies", 0, "10.0.0.0/8, 2001:db8::1"),
    ("hops", 0, "1.1.1.1, 198.51.100.7:4711\n[2001:db8::7]:80, 10.9.9.9"),
    ("peppers", 0, "# old\nb:000102030405060708090a0b0c0d0e0f\na:ff0102030405060708090a0b0c0d0e0f"),
    ("hash-params", 0, "m=19456,t=2,p=1,keyid=YWI"),
    (
        "hash",
        0,
        "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ),
    ("mail-url", 16, "smtp+starttls://user:p%40ss@mail.example:587/?ca=/ca.pem"),
    ("mail-url-clear", 16, "smtp://[2001:db8::1]:2525/"),
    ("mail-host", 24, "@mail.example:99999"),
    ("sender", 16, "Gestan <compte@gestan.example>"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in ["parsers", "passwords", "requests", "desk"] {
        fs::create_dir_all(corpus.join(target))?;
    }
    for (name, first, text) in TEXTS {
        let bytes = [&[first], text.as_bytes()].concat();
        fs::write(corpus.join("parsers").join(name), bytes)?;
    }
    fs::write(corpus.join("passwords/sentence"), "cave dupont\nquatre bateaux verts dansent")?;
    fs::write(corpus.join("passwords/dates"), "\nazertyuiop 14/07/1789 aaaaAAAA")?;
    let mut service = Service::start();
    for (name, bytes) in service::seeds() {
        println!("{name}: {:?}", service.call(&bytes));
        fs::write(corpus.join("requests").join(name), bytes)?;
    }
    let mut desk = Desk::start();
    for (name, bytes) in seeds::seeds() {
        println!("{name}: {:?}", desk.call(&bytes));
        fs::write(corpus.join("desk").join(name), bytes)?;
    }
    Ok(())
}
