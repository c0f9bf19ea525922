//! SetPassword by password, on several machines at once.

use gestan_account_client::v1;
use gestan_account_tests::{PASSWORD, TestServer, new_password};

fn change(number: u32) -> v1::SetPasswordRequest {
    v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(number),
        ..Default::default()
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let calls = (1..=10).map(|number| {
        let client = member.client.clone();
        tokio::spawn(async move { client.set_password(change(number)).await.is_ok() })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        made += usize::from(call.await.expect("no panic"));
    }
    assert_eq!(made, 1);
    assert_eq!(server.deliver_mail().await, 1);
}
