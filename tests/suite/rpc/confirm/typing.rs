//! How a code may be typed.

use gestan_account_tests::TestServer;

#[tokio::test]
async fn confirm_ignores_case_spaces_and_dashes() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let bare = code.replace('-', "");
    let spaced: String = bare.chars().flat_map(|character| [character, ' ']).collect();
    let typed = [
        code.clone(),
        code.to_lowercase(),
        bare.clone(),
        format!("  {spaced}\n"),
        code.replace('-', " — "),
        code.replace('-', "\u{a0}"),
        code.replace('-', "\u{ff0d}"),
        code.replace('-', "\u{fe58}"),
        code.replace('-', "\u{200b}\u{fe63}\u{feff}"),
        format!("\u{feff}\u{202a}{}\u{202c}", code.replace('-', "\u{ad}")),
    ];
    let expected = server.confirm(&created.challenge_id, &code).await;
    for typed in typed {
        // Within ten minutes a code that was answered gets its answer again.
        let answer = server.confirm(&created.challenge_id, &typed).await;
        assert_eq!(answer, expected, "typed as {typed:?}");
    }
}

#[tokio::test]
async fn confirm_reads_letters_that_look_like_digits() {
    let server = TestServer::start().await;
    for (digit, letters) in [('0', ["O", "o"]), ('1', ["I", "l"]), ('1', ["L", "i"])] {
        let (challenge_id, code) = code_with(&server, digit).await;
        for letter in letters {
            let typed = code.replace(digit, letter);
            assert_ne!(typed, code);
            let first = server.confirm(&challenge_id, &typed).await;
            assert_eq!(first, server.confirm(&challenge_id, &code).await);
        }
    }
}

/// A challenge whose code has the digit in it.
async fn code_with(server: &TestServer, digit: char) -> (String, String) {
    for _ in 0..200 {
        let created = server.create("jeanne@exemple.fr", 1).await;
        server.deliver_mail().await;
        let mails = server.mailbox().take();
        let code = gestan_account_tests::code_in(&mails[0].text);
        if code.contains(digit) {
            return (created.challenge_id, code);
        }
    }
    panic!("two hundred codes without a {digit}");
}
