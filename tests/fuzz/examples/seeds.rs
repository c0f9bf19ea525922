//! Writes the corpus that fuzzing starts from, and shows that its calls do what
//! they are named for.

use std::{error::Error, fs, path::Path};

use gestan_account_fuzz::service::{self, Service};

/// Texts that parsers take, one to a file.
const TEXTS: [(&str, &str); 24] = [
    ("email", "Jean.Dupont+gestan@Exämple.FR"),
    ("phone", "01-58-90-49-77"),
    ("phone-abroad", "+32 2 123 45 67"),
    ("phone-overseas", "0262 12 34 56"),
    ("ape", "11.07b"),
    ("postal-code", "75 002"),
    ("country", "fra"),
    ("code", "0000-0000-0000"),
    ("code-kelvin", "0000-0000-00\u{212a}0"),
    ("uuid", "01980000-0000-7000-8000-000000000001"),
    ("password", "quatre bateaux verts dansent"),
    ("address", "3 rue de la Paix\r\nBa\u{302}timent B"),
    ("control", "a\u{202e}b\u{7}"),
    ("path", "company_name"),
    ("locale", "en-GB"),
    ("languages", "en-US,en;q=0.9,fr;q=0.8,*;q=0.1"),
    ("limits", "1/1m,5/1h,10/24h"),
    ("proxies", "10.0.0.0/8, 2001:db8::1"),
    ("hops", "1.1.1.1, 198.51.100.7:4711\n[2001:db8::7]:80, 10.9.9.9"),
    ("peppers", "# old\nb:000102030405060708090a0b0c0d0e0f\na:ff0102030405060708090a0b0c0d0e0f"),
    ("hash-params", "m=19456,t=2,p=1,keyid=YWI"),
    (
        "hash",
        "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ),
    ("mail-url", "smtp+starttls://user:p%40ss@mail.example:587/?ca=/ca.pem"),
    ("sender", "Gestan <compte@gestan.example>"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in ["parsers", "passwords", "requests"] {
        fs::create_dir_all(corpus.join(target))?;
    }
    for (name, text) in TEXTS {
        fs::write(corpus.join("parsers").join(name), format!("\0{text}"))?;
    }
    fs::write(corpus.join("passwords/sentence"), "cave dupont\nquatre bateaux verts dansent")?;
    fs::write(corpus.join("passwords/dates"), "\nazertyuiop 14/07/1789 aaaaAAAA")?;
    let mut service = Service::start();
    for (name, bytes) in service::seeds() {
        println!("{name}: {:?}", service.call(&bytes));
        fs::write(corpus.join("requests").join(name), bytes)?;
    }
    Ok(())
}
