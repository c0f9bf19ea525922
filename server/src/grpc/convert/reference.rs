//! Between the messages of the reference lists and domain types.

use gestan_account_proto::v1;

use super::{fields, support::page};
use crate::{
    domain::{
        ape_code::{ActivityCode, NafVersion},
        ape_query::ApeQuery,
        locale::Locale,
        page_token,
        violation::{Expected, Problem, Violations},
    },
    reference::{
        ApeCodesFound, CountriesListed, GetPrivacyNotice, ListCountries, NoticeGiven, PagePosition,
        SearchApeCodes,
    },
};

/// How many codes a page has when the caller does not say, and how many at most: all of an
/// edition, so that a client may fetch them once and search by itself.
const USUAL: u16 = 50;
const MOST: u16 = 1_000;

/// The longest `known_version`, in characters.
const MAX_VERSION_CHARS: usize = 64;

pub(in crate::grpc) fn list_countries(
    request: v1::ListCountriesRequest,
    locale: Locale,
) -> Result<ListCountries, Violations> {
    let mut violations = Violations::default();
    fields::check_locale(&request.locale, &mut violations);
    let known_version = known_version(request.known_version, &mut violations);
    let known_version = known_version.filter(|_| violations.is_empty());
    known_version.map(|known_version| ListCountries { locale, known_version }).ok_or(violations)
}

pub(in crate::grpc) fn get_privacy_notice(
    request: v1::GetPrivacyNoticeRequest,
    locale: Locale,
) -> Result<GetPrivacyNotice, Violations> {
    let mut violations = Violations::default();
    fields::check_locale(&request.locale, &mut violations);
    let known_version = known_version(request.known_version, &mut violations);
    let known_version = known_version.filter(|_| violations.is_empty());
    known_version.map(|known_version| GetPrivacyNotice { locale, known_version }).ok_or(violations)
}

pub(in crate::grpc) fn search_ape_codes(
    request: &v1::SearchApeCodesRequest,
) -> Result<SearchApeCodes, Violations> {
    let mut violations = Violations::default();
    let query = violations.check("query", ApeQuery::parse(&request.query));
    let nomenclature = violations.check("nomenclature", nomenclature(&request.nomenclature));
    let page_size = page::size_of(request.page_size, USUAL, MOST);
    let page_size = violations.check("page_size", page_size);
    let after = violations.check("page_token", after(request));
    let known_version = known_version(request.known_version.clone(), &mut violations);
    match (query, nomenclature, page_size, after, known_version) {
        (Some(query), Some(nomenclature), Some(page_size), Some(after), Some(known_version)) => {
            Ok(SearchApeCodes { query, nomenclature, page_size, after, known_version })
        }
        _ => Err(violations),
    }
}

pub(in crate::grpc) fn ape_codes_found(
    found: ApeCodesFound,
    request: &v1::SearchApeCodesRequest,
) -> v1::SearchApeCodesResponse {
    let next = found.next.map(|next| {
        let position = [next.version.as_bytes(), &next.offset.to_be_bytes()].concat();
        of(&fields_of(request)).token(&position)
    });
    v1::SearchApeCodesResponse {
        ape_codes: found.codes.into_iter().map(ape_code).collect(),
        next_page_token: next.unwrap_or_default(),
        version: found.version,
    }
}

fn ape_code(code: ActivityCode) -> v1::ApeCode {
    v1::ApeCode {
        printed: code.printed(),
        nomenclature: match code.version {
            NafVersion::Rev2 => REV2,
            NafVersion::Naf2025 => NAF_2025,
        }
        .to_owned(),
        code: code.code,
        label: code.label,
    }
}

const REV2: &str = "rev2";
const NAF_2025: &str = "2025";

/// The only edition that is asked for, if it is only one.
fn nomenclature(text: &str) -> Result<Option<NafVersion>, Problem> {
    match text.trim() {
        "" => Ok(None),
        REV2 => Ok(Some(NafVersion::Rev2)),
        NAF_2025 => Ok(Some(NafVersion::Naf2025)),
        _ => Err(Problem::Malformed(Expected::Nomenclature)),
    }
}

/// The version that the caller has kept: a text that may be anything, as long as it is short.
fn known_version(version: String, violations: &mut Violations) -> Option<String> {
    let parsed = if version.chars().count() > MAX_VERSION_CHARS {
        Err(Problem::TooLong { max: MAX_VERSION_CHARS })
    } else {
        Ok(version)
    };
    violations.check("known_version", parsed)
}

/// Where a page begins.
fn after(request: &v1::SearchApeCodesRequest) -> Result<Option<PagePosition>, Problem> {
    let position = of(&fields_of(request)).position(&request.page_token)?;
    position.map(|bytes| position_of(&bytes).ok_or(Problem::OtherPage)).transpose()
}

fn position_of(bytes: &[u8]) -> Option<PagePosition> {
    let (version, offset) = bytes.split_last_chunk::<4>()?;
    let version = str::from_utf8(version).ok()?.to_owned();
    Some(PagePosition { version, offset: u32::from_be_bytes(*offset) })
}

/// The fields that are the same on every page.
fn fields_of(request: &v1::SearchApeCodesRequest) -> [&[u8]; 2] {
    [request.query.trim().as_bytes(), request.nomenclature.trim().as_bytes()]
}

fn of<'a>(fields: &'a [&'a [u8]]) -> page_token::Query<'a> {
    page_token::Query { rpc: "SearchApeCodes", fields }
}

impl From<CountriesListed> for v1::ListCountriesResponse {
    fn from(listed: CountriesListed) -> Self {
        let country = |(country, name): (crate::domain::country::Country, &str)| v1::Country {
            code: country.alpha3().to_owned(),
            name: name.to_owned(),
        };
        Self {
            countries: listed.countries.into_iter().map(country).collect(),
            version: listed.version,
        }
    }
}

impl From<NoticeGiven> for v1::GetPrivacyNoticeResponse {
    fn from(given: NoticeGiven) -> Self {
        let text = given.text.map(|text| text.to_string());
        Self { text: text.unwrap_or_default(), version: given.version }
    }
}
