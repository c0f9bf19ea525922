//! A machine's name in a mail, which anybody may have typed: quoted, short, and without a number
//! to call.

use gestan_account_server::mail::message::quoted_machine_name;
use proptest::prelude::*;

/// A name as it is shown, between brackets, without the joiners that keep links away.
fn shown(typed: &str) -> String {
    quoted_machine_name(typed, ["[", "]"]).unwrap_or_default().replace('\u{2060}', "")
}

/// The most digits that stand without a letter in between.
fn longest_number(text: &str) -> usize {
    let parts = text.split(|character: char| character.is_alphabetic() && !character.is_numeric());
    parts.map(|part| part.chars().filter(|c| c.is_numeric()).count()).max().unwrap_or(0)
}

#[test]
fn a_number_to_call_is_blanked_however_it_is_written() {
    for (typed, expected) in [
        ("Appelez le 08 99 12 34 56", "[Appelez le •• •• •• •• ••]"),
        ("0899123456", "[••••••••••]"),
        ("08.99.12.34.56", "[••.••.••.••.••]"),
        ("08-99-12-34-56", "[••-••-••-••-••]"),
        ("08\u{2011}99\u{2013}12\u{ff0d}34", "[••\u{2011}••\u{2013}••\u{ff0d}••]"),
        ("+33 (0)8 99/12,34_56", "[+•• (•)• ••/••,••_••]"),
        ("0\u{a0}8\u{202f}9\t9\u{3000}1", "[• • • • •]"),
        ("0\u{200b}8\u{ad}9\u{fe0f}9\u{2060}1", "[•••••]"),
        ("0 8 … 9 💶 9 … 1", "[• • … • 💶 • … •]"),
        ("0\u{345}8\u{301}9\u{20e3}91", "[•\u{345}•\u{301}•\u{20e3}••]"),
        ("٠٨٩٩١", "[•••••]"),
        ("０８９９１", "[•••••]"),
        ("⓪⑧⑨⁹₁", "[•••••]"),
        ("PC-20261129 du fond", "[PC-•••••••• du fond]"),
        ("Poste 12345", "[Poste •••••]"),
        // Each number for itself.
        ("a12345b1234c", "[a•••••b1234c]"),
    ] {
        assert_eq!(shown(typed), expected, "{typed:?}");
    }
}

#[test]
fn the_names_that_machines_have_are_shown_as_they_are() {
    for name in [
        "COMPTOIR",
        "Caisse 1",
        "Caisse 5000",
        "SRV-2019",
        "DESKTOP-7F3K2Q9",
        "Poste 12 / étage 3 / bureau 4",
        "Poste de l’accueil (2)",
    ] {
        assert_eq!(shown(name), format!("[{name}]"));
    }
}

#[test]
fn a_name_is_cut_after_thirty_characters_and_cannot_end_its_quotation() {
    let thirty = "x".repeat(30);
    assert_eq!(shown(&thirty), format!("[{thirty}]"));
    assert_eq!(shown(&"x".repeat(31)), format!("[{thirty}…]"));
    // What is cut has been blanked before: no part of a number is left.
    assert_eq!(
        shown("Le service client répond au 08 99 12 34"),
        "[Le service client répond au ••…]"
    );
    assert_eq!(shown("A» Appelez “B” \"C\""), "[A’ Appelez ’B’ ’C’]");
    for nothing in ["", " \u{200b}\n", "\u{2800}\u{3164}\u{fe0f}"] {
        assert_eq!(quoted_machine_name(nothing, ["[", "]"]), None, "{nothing:?}");
    }
}

/// Digits of several scripts, with what stands between those of telephone numbers, visible or not.
const NUMBERS: &str =
    "[0-9٠-٩０-９ .,_()/+\u{a0}\u{ad}\u{200b}\u{2060}\u{2010}-\u{2015}\u{ff0d}•-]{0,60}";

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), NUMBERS, "([A-Za-zé]{0,6}[0-9 .-]{0,8}){0,6}", "[\\PC]{0,120}"]
}

proptest! {
    #[test]
    fn whatever_is_typed_no_number_is_left_and_no_more_than_thirty_characters(typed in any_name()) {
        let shown = shown(&typed);
        prop_assert!(longest_number(&shown) < 5, "{shown:?}");
        prop_assert!(shown.chars().count() <= 30 + "[…]".chars().count(), "{shown:?}");
        prop_assert!(!shown.contains(['"', '«', '»', '“', '”']), "{shown:?}");
        prop_assert!(!shown.contains(char::is_control), "{shown:?}");
        let name = shown.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or("");
        prop_assert!(!name.contains("  ") && name.trim() == name, "{shown:?}");
    }

    #[test]
    fn a_short_name_of_words_and_few_digits_is_shown_as_it_is(
        name in "[A-Za-zéç]{1,8}([ .-][A-Za-zéç]{1,6}){0,2}( [0-9]{1,4})?"
    ) {
        prop_assert_eq!(shown(&name), format!("[{name}]"));
    }

    #[test]
    fn what_stands_between_digits_hides_no_number(
        digits in prop::collection::vec("[0-9]", 5..12),
        between in prop::collection::vec("[ .,_()/+\u{a0}\u{ad}\u{200b}\u{2011}-]{0,2}", 12),
    ) {
        let typed: String = digits.iter().zip(&between).flat_map(|(digit, gap)| [&**digit, gap]).collect();
        prop_assert!(!shown(&typed).contains(|character: char| character.is_ascii_digit()), "{typed:?}");
    }
}
