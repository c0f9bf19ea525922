//! Calls that reach every RPC's success, in their order.

use gestan_account_proto::{support::v1 as support, v1};
use gestan_account_tests::uuid;
use prost::Message;

use super::{LATER, ROLE_SHIFT, paths};
use crate::service::LAST;

const READER: u8 = 0;
const AGENT: u8 = 1;
const ADMIN: u8 = 2;
const NOBODY: u8 = 3;

/// The bytes of a call of this RPC.
fn call(rpc: &str, role: u8, bits: u8, message: &impl Message) -> Vec<u8> {
    let number = paths().iter().position(|path| path.path().ends_with(&format!("/{rpc}")));
    let number = u8::try_from(number.expect("an RPC")).expect("few RPCs");
    let mut bytes = vec![number | role << ROLE_SHIFT | bits];
    message.encode(&mut bytes).expect("room enough");
    bytes
}

/// A name for each, and its bytes.
#[must_use]
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.to_owned();
    let find = support::FindAccountsRequest {
        query: text("client2 exemple.fr"),
        page_size: 10,
        ..Default::default()
    };
    let by_id = support::DiagnoseAccountRequest { account_id: 2, ..Default::default() };
    let by_email =
        support::DiagnoseAccountRequest { email: text("client3@exemple.fr"), ..Default::default() };
    let events = support::ListEventsRequest { account_id: 2, page_size: 5, ..Default::default() };
    let code = support::SendCodeRequest { account_id: 2, ..Default::default() };
    let unlink = support::UnlinkMachineRequest {
        account_id: 2,
        machine_id: uuid(2),
        reason: text("PC volé"),
        ..Default::default()
    };
    let change = support::StartEmailChangeRequest {
        account_id: 3,
        email: text("nouvelle@exemple.fr"),
        reason: text("boîte fermée"),
        etag: text(LAST),
        without_delay: true,
    };
    let cancel = support::CancelEmailChangeRequest { account_id: 3 };
    let merge = support::MergeAccountsRequest {
        from_account_id: 4,
        into_account_id: 5,
        from_etag: text(LAST),
        into_etag: text(LAST),
        reason: text("doublon"),
        validate_only: false,
    };
    let grant = support::GrantTimeRequest {
        account_id: 6,
        request_id: uuid(200),
        minutes: 120,
        reference: text("FA-2026-117"),
        summary: text("Forfait 2 h"),
        ..Default::default()
    };
    let charge = support::ChargeTimeRequest {
        account_id: 6,
        request_id: uuid(201),
        minutes: 15,
        summary: text("Clôture d’exercice"),
        company_name: text("Cave Dupont"),
        machine_id: uuid(6),
        ..Default::default()
    };
    let correct = support::CorrectTimeRequest {
        account_id: 6,
        request_id: uuid(202),
        entry_id: 2,
        minutes: 5,
        summary: text("Trop compté"),
        allow_overdraft: false,
    };
    let entries =
        support::ListTimeEntriesRequest { account_id: 6, page_size: 2, ..Default::default() };
    let refused = support::ListRefusedRecipientsRequest { page_size: 2, ..Default::default() };
    let export = support::ExportAccountRequest { account_id: 6, ..Default::default() };
    let erase = support::EraseAccountRequest {
        account_id: 7,
        confirm_account_id: 7,
        etag: text(LAST),
        reason: text("demande du 3 mars"),
        ..Default::default()
    };
    let countries = v1::ListCountriesRequest { locale: text("en"), ..Default::default() };
    let trades = v1::SearchApeCodesRequest {
        query: text("boulangerie patisserie"),
        page_size: 5,
        ..Default::default()
    };
    let notice = v1::GetPrivacyNoticeRequest { locale: text("fr"), ..Default::default() };
    vec![
        ("find", call("FindAccounts", READER, 0, &find)),
        ("get", call("GetAccount", READER, 0, &support::GetAccountRequest { account_id: 2 })),
        ("diagnose-by-id", call("DiagnoseAccount", READER, 0, &by_id)),
        ("diagnose-by-email", call("DiagnoseAccount", AGENT, LATER, &by_email)),
        ("list-events", call("ListEvents", READER, 0, &events)),
        ("send-code", call("SendCode", AGENT, LATER, &code)),
        ("unlink-machine", call("UnlinkMachine", AGENT, 0, &unlink)),
        ("start-email-change", call("StartEmailChange", ADMIN, 0, &change)),
        ("cancel-email-change", call("CancelEmailChange", ADMIN, 0, &cancel)),
        ("merge", call("MergeAccounts", ADMIN, 0, &merge)),
        ("grant-time", call("GrantTime", ADMIN, LATER, &grant)),
        ("charge-time", call("ChargeTime", AGENT, 0, &charge)),
        ("correct-time", call("CorrectTime", ADMIN, 0, &correct)),
        ("list-time-entries", call("ListTimeEntries", READER, 0, &entries)),
        ("list-refused", call("ListRefusedRecipients", READER, 0, &refused)),
        ("export", call("ExportAccount", ADMIN, 0, &export)),
        ("erase", call("EraseAccount", ADMIN, LATER, &erase)),
        ("countries", call("ListCountries", NOBODY, 0, &countries)),
        ("trades", call("SearchApeCodes", NOBODY, 0, &trades)),
        ("notice", call("GetPrivacyNotice", NOBODY, 0, &notice)),
    ]
}
