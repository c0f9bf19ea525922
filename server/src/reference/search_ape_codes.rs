//! SearchApeCodes: finds activity codes by what a person types. Each edition of the NAF is
//! searched by itself, since between the two there is no mapping, and the one in force stands
//! first.

use jiff::Timestamp;

use super::{Reference, ape_list::ApeList, version};
use crate::{
    accounts::error::Error,
    domain::{
        ape_code::{ActivityCode, NafVersion, Nomenclature},
        ape_query::ApeQuery,
        violation::Problem,
    },
};

/// `trade,code`, written by hand: what people call what they do, where no label has the word.
const TRADES: &str = include_str!("../../data/ape_trades.csv");

/// The first day of NAF 2025, 2027-01-01 in France (décret 2025-736).
const NAF_2025_BEGINS: Timestamp = Timestamp::constant(1_798_758_000, 0);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct SearchApeCodes {
    /// What was typed.
    pub query: ApeQuery,
    /// The only edition that is asked for, if it is only one.
    pub nomenclature: Option<NafVersion>,
    /// Most codes of the answer.
    pub page_size: u16,
    /// Where the page begins, if it is not the first one.
    pub after: Option<PagePosition>,
    /// The version that the caller has kept, or nothing.
    pub known_version: String,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePosition {
    /// The lists that it is of: in others, another code stands there.
    pub version: String,
    /// How many codes come before.
    pub offset: u32,
}

/// A page of the codes that were found.
#[derive(Clone, Debug)]
pub struct ApeCodesFound {
    /// The codes, the best first; none when the caller has the lists.
    pub codes: Vec<ActivityCode>,
    /// Where the next page begins.
    pub next: Option<PagePosition>,
    /// Names the lists that were searched.
    pub version: String,
}

impl Reference {
    /// Searches the lists.
    ///
    /// # Errors
    /// When the page is one of other lists, or none.
    pub fn search_ape_codes(&self, search: &SearchApeCodes) -> Result<ApeCodesFound, Error> {
        let in_force = in_force(self.clock.now());
        let version = self.ape.version(search.nomenclature, in_force);
        let other_page = || Error::invalid("page_token", Problem::OtherPage);
        let offset = match &search.after {
            Some(after) if after.version != *version => return Err(other_page()),
            Some(after) => usize::try_from(after.offset).map_err(|_| other_page())?,
            None => 0,
        };
        let version = version.to_owned();
        if search.known_version == version {
            return Ok(ApeCodesFound { codes: Vec::new(), next: None, version });
        }
        let found = self.ape.search(&search.query, search.nomenclature, in_force);
        // A page begins behind a code that was found; where none is, no page ended.
        let page = found.get(offset..).filter(|page| offset == 0 || !page.is_empty());
        let page = page.ok_or_else(other_page)?;
        let (page, rest) = page.split_at(page.len().min(usize::from(search.page_size)));
        let next = offset + page.len();
        let next = u32::try_from(next).ok().filter(|_| !rest.is_empty());
        let next = next.map(|offset| PagePosition { version: version.clone(), offset });
        Ok(ApeCodesFound { codes: page.iter().copied().cloned().collect(), next, version })
    }
}

/// The edition that a company's code is of.
fn in_force(now: Timestamp) -> NafVersion {
    if now < NAF_2025_BEGINS { NafVersion::Rev2 } else { NafVersion::Naf2025 }
}

/// Both editions.
#[derive(Debug)]
pub(super) struct ApeLists {
    rev2: ApeList,
    naf_2025: ApeList,
    versions: Versions,
}

/// The name of each way to search the lists.
#[derive(Debug)]
struct Versions {
    rev2: String,
    naf_2025: String,
    rev2_first: String,
    naf_2025_first: String,
}

impl ApeLists {
    pub(super) fn new(nomenclature: &Nomenclature) -> Self {
        let trades: Vec<(String, String)> = TRADES
            .lines()
            .skip(1)
            .filter_map(|line| line.rsplit_once(','))
            .map(|(trade, code)| (trade.to_owned(), code.to_owned()))
            .collect();
        let rev2 = ApeList::new(Nomenclature::rev2().collect(), &trades);
        // No trade leads to the newer codes: which of them it would be, would be a guess.
        let naf_2025 = ApeList::new(nomenclature.naf_2025().collect(), &[]);
        let first = version::of([TRADES].into_iter().chain(rev2.contents()));
        let second = version::of(naf_2025.contents());
        let versions = Versions {
            rev2: version::of(["rev2", &first]),
            naf_2025: version::of(["2025", &second]),
            rev2_first: version::of(["rev2", &first, "2025", &second]),
            naf_2025_first: version::of(["2025", &second, "rev2", &first]),
        };
        Self { rev2, naf_2025, versions }
    }

    fn version(&self, only: Option<NafVersion>, in_force: NafVersion) -> &str {
        let versions = &self.versions;
        match (only, in_force) {
            (Some(NafVersion::Rev2), _) => &versions.rev2,
            (Some(NafVersion::Naf2025), _) => &versions.naf_2025,
            (None, NafVersion::Rev2) => &versions.rev2_first,
            (None, NafVersion::Naf2025) => &versions.naf_2025_first,
        }
    }

    fn search(
        &self,
        query: &ApeQuery,
        only: Option<NafVersion>,
        in_force: NafVersion,
    ) -> Vec<&ActivityCode> {
        let lists: &[&ApeList] = match (only, in_force) {
            (Some(NafVersion::Rev2), _) => &[&self.rev2],
            (Some(NafVersion::Naf2025), _) => &[&self.naf_2025],
            (None, NafVersion::Rev2) => &[&self.rev2, &self.naf_2025],
            (None, NafVersion::Naf2025) => &[&self.naf_2025, &self.rev2],
        };
        lists.iter().flat_map(|list| list.search(query)).collect()
    }
}
