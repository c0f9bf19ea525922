//! Which passwords may be set.

use gestan_account_server::domain::{
    password::Password,
    strength::{judge, read_part},
    weakness::{
        Guess::{Common, Date, Keyboard, Other, Personal, Repeat, Sequence, Word},
        Weakness::{self, Guessable, Simple},
    },
};

fn judged(password: &str, personal: &[&str]) -> Result<(), Weakness> {
    judge(&Password::parse(password).unwrap(), personal)
}

#[test]
fn a_password_of_under_50_bits_is_simple() {
    for password in [
        // Lower case, 4.7 bits each.
        "qzvjkxwpmb",
        // Digits, 3.3 bits each.
        "839205718364920",
        // One alphabet of one character would still count whole.
        "xkcdqmwvzt",
    ] {
        assert_eq!(judged(password, &[]), Err(Simple), "{password}");
    }
    for password in ["qzvjkxwpmbt", "8392057183649204", "qzvjkXwpmb"] {
        assert_ne!(judged(password, &[]), Err(Simple), "{password}");
    }
}

#[test]
fn a_password_that_french_people_choose_is_refused() {
    for password in [
        "Bonjour2024!",
        "Bonjourbonjour",
        "Soleil2024!",
        "azertyuiop12",
        "azertyqsdfgh",
        "Motdepasse1!",
        "MotDePasse2025",
        "motdepasse123",
        "m0td3p4ss3!!",
        "Marseille13!",
        "marseille1993",
        "bonjourmarseille",
        "Chouchou2023",
        "Jetaime1234!",
        "jetaimemonamour",
        "Princesse01!",
        "Administrateur1",
        "Bienvenue2024",
    ] {
        assert_eq!(judged(password, &[]), Err(Guessable(Common)), "{password}");
    }
    assert_eq!(judged("soleilsoleil1", &[]), Err(Guessable(Repeat)));
}

#[test]
fn a_password_that_everybody_chooses_is_refused_with_the_reason() {
    for (password, guess) in [
        ("Password1234!", Common),
        ("aaaaaaaaaaaaaaaa", Repeat),
        ("abcabcabcabcabc", Repeat),
        ("abcdefghijklmno", Sequence),
        ("qwertyuiop[]", Keyboard),
        ("27.10.2003!", Date),
        ("Christopher!", Word),
        ("Elizabethan", Word),
        ("wonderfully", Other),
    ] {
        assert_eq!(judged(password, &[]), Err(Guessable(guess)), "{password}");
    }
}

#[test]
fn a_password_that_the_account_tells_of_its_owner_is_refused() {
    let personal =
        ["jeanne.kerleguer@boulangerie-kerleguer.fr", "Boulangerie Kerléguer", "Plougastel"];
    for password in [
        "boulangerie kerléguer",
        "plougastelkerleguer",
        "Kerleguer2024!",
        "jeanne.kerleguer@boulangerie-kerleguer.fr",
        "Plougastel29!",
        "BOULANGERIE KERLÉGUER",
    ] {
        assert_eq!(judged(password, &personal), Err(Guessable(Personal)), "{password}");
    }
    // The same is no word for anybody else.
    assert_eq!(judged("Plougastel29!", &[]), Ok(()));
}

#[test]
fn a_password_that_is_hard_to_guess_is_accepted() {
    for password in [
        "quatre bateaux verts dansent",
        "girafe tremplin moutarde violon",
        "cactus-brouette-lampion-sirop",
        "Xk7#mQ2$vL9p",
        "h8Zr-4wQp-N2vK",
        "été à Saint-Brévin, on y mange des moules",
        "日本語のパスワードは長い",
        "J'ai 3 chats et 0 souris!",
    ] {
        let personal = ["jeanne@exemple.fr", "Boulangerie Martin", "Martin", "Jeanne", "Paris"];
        assert_eq!(judged(password, &personal), Ok(()), "{password}");
    }
}

#[test]
fn only_the_first_100_characters_are_read_for_guessing() {
    let strong = "quatre bateaux verts dansent";
    let hidden = format!("{}{strong}", "a".repeat(100));
    assert_eq!(judged(&hidden, &[]), Err(Guessable(Repeat)));
    let seen = format!("{}{strong}", "a".repeat(100 - strong.len()));
    assert_eq!(judged(&seen, &[]), Ok(()));
}

/// zxcvbn goes through every way to read digits and signs as letters.
#[test]
fn a_text_that_can_be_read_in_hundreds_of_ways_is_read_only_as_far_as_that_takes_no_time() {
    let made_to_take_long = "4@8({[<3691!|70$5+%2".repeat(5);
    let read = read_part(&made_to_take_long);
    assert!((8..15).contains(&read.len()), "{read}");
    assert_eq!(judged(&made_to_take_long, &[]), Ok(()));
    for usual in ["M0t d3 p@sse !!! 4 5 7 8", "J'ai 3 chats et 0 souris!", &"x".repeat(100)] {
        assert_eq!(read_part(usual), usual);
    }
    assert_eq!(read_part(&"é".repeat(200)), "é".repeat(100));
}
