//! What the form's search buttons look up, and what a person is told before an account is
//! opened: one use case a file, each under the name of its RPC.
//!
//! Everything here is in memory, and the same for all callers: no database is at hand, and
//! nobody's token is looked at. So it answers while the database is away, and tells nothing
//! of any account.

mod ape_list;
mod get_privacy_notice;
mod list_countries;
pub mod privacy_notice;
mod search_ape_codes;
mod version;

use std::sync::Arc;

pub use get_privacy_notice::{GetPrivacyNotice, NoticeGiven};
pub use list_countries::{CountriesListed, ListCountries};
pub use search_ape_codes::{ApeCodesFound, PagePosition, SearchApeCodes};

use self::{
    list_countries::CountryLists, privacy_notice::PrivacyNotice, search_ape_codes::ApeLists,
};
use crate::{clock::Clock, domain::ape_code::Nomenclature};

/// The reference lists and the privacy notice. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reference {
    clock: Arc<dyn Clock>,
    countries: Arc<CountryLists>,
    ape: Arc<ApeLists>,
    notice: PrivacyNotice,
}

impl Reference {
    /// Prepares the lists, once.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, nomenclature: &Nomenclature, notice: PrivacyNotice) -> Self {
        let countries = Arc::new(CountryLists::default());
        Self { clock, countries, ape: Arc::new(ApeLists::new(nomenclature)), notice }
    }
}
