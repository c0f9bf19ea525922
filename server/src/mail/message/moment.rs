//! Says a moment in words, the way people of each language write it.
//!
//! The zone is named by what a reader knows: "heure de Paris" in Paris, the offset elsewhere.

use jiff::{
    Timestamp,
    civil::{DateTime, Weekday},
    tz::{Offset, TimeZone},
};

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// "mardi 24 novembre 2026 à 19 h 42 (heure de Paris)"
pub(super) fn french(time: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(time);
    let weekday = match local.weekday() {
        Weekday::Monday => "lundi",
        Weekday::Tuesday => "mardi",
        Weekday::Wednesday => "mercredi",
        Weekday::Thursday => "jeudi",
        Weekday::Friday => "vendredi",
        Weekday::Saturday => "samedi",
        Weekday::Sunday => "dimanche",
    };
    let day = if local.day() == 1 { "1er".to_owned() } else { local.day().to_string() };
    let month = month(local, &FRENCH_MONTHS);
    let year = local.year();
    let hour = local.hour();
    let minute = match local.minute() {
        0 => String::new(),
        minute => format!("\u{a0}{minute:02}"),
    };
    let zone = place(time, zone, "heure de Paris");
    format!("{weekday} {day}\u{a0}{month} {year} à {hour}\u{a0}h{minute} ({zone})")
}

/// "Tuesday 24 November 2026 at 19:42 (Paris time)"
pub(super) fn english(time: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(time);
    let weekday = match local.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    let (day, month, year) = (local.day(), month(local, &ENGLISH_MONTHS), local.year());
    let (hour, minute) = (local.hour(), local.minute());
    let zone = place(time, zone, "Paris time");
    format!("{weekday} {day}\u{a0}{month} {year} at {hour:02}:{minute:02} ({zone})")
}

fn month(local: DateTime, names: &[&'static str; 12]) -> &'static str {
    let index = usize::try_from(local.month()).unwrap_or(1).saturating_sub(1);
    names.get(index).copied().unwrap_or("")
}

fn place(time: Timestamp, zone: &TimeZone, paris: &str) -> String {
    if zone.iana_name() == Some("Europe/Paris") {
        paris.to_owned()
    } else {
        offset(zone.to_offset(time))
    }
}

/// "UTC", "UTC+2", "UTC−3:30", with a true minus sign.
fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = match seconds {
        0 => return "UTC".to_owned(),
        1.. => '+',
        _ => '\u{2212}',
    };
    let minutes = seconds.unsigned_abs() / 60;
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}
