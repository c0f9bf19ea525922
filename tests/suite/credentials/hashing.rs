//! Argon2id: right by the reference implementation, on threads that keep their
//! memory.

use std::{fs, num::NonZeroUsize, sync::Arc, time::Instant};

use gestan_account_server::{
    credentials::{
        hasher::{CodeSalt, HashError, HashFor, HashParams, Hasher, PasswordHash, Verdict},
        pepper::Peppers,
    },
    domain::{password::Password, personal_code::PersonalCode},
    randomness::Randomness,
};
use gestan_account_tests::{PASSWORD, SeededRandomness, TestServer, TestServerOptions, text};

/// Made by the reference implementation in C (`argon2-cffi` 25.1.0) for
/// [`PASSWORD`], the salt `0123456789abcdef`, 19,456 KiB, 2 passes, 1 lane.
const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
                         $ZWxauP4qnK+vku+tG6UOlEBlGznSn7lKZKT+wlahB6Q";

const ANYBODY: HashFor = HashFor::Stranger(None);

/// Gives the salt of [`REFERENCE`].
#[derive(Debug)]
struct KnownSalt;

impl Randomness for KnownSalt {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, known) in bytes.iter_mut().zip(b"0123456789abcdef".iter().cycle()) {
            *byte = *known;
        }
    }
}

fn hasher(params: (u32, u32, u32), threads: usize) -> Hasher {
    let (memory_kib, passes, lanes) = params;
    Hasher::start(
        HashParams::new(memory_kib, passes, lanes).unwrap(),
        NonZeroUsize::new(threads).unwrap(),
        NonZeroUsize::new(512).unwrap(),
        Peppers::default(),
        Arc::new(KnownSalt),
    )
    .unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

async fn hash(hasher: &Hasher, text: &str) -> PasswordHash {
    hasher.judge_and_hash(ANYBODY, password(text), Vec::new()).await.unwrap().unwrap()
}

async fn is_right(hasher: &Hasher, text: &str, phc: &str) -> bool {
    let stored = PasswordHash::parse(phc).unwrap();
    let verdict = hasher.verify_password(ANYBODY, password(text), Some(stored)).await.unwrap();
    matches!(verdict, Verdict::Right { .. })
}

#[tokio::test]
async fn a_password_is_hashed_as_the_reference_implementation_does() {
    let hash = hash(&hasher((19_456, 2, 1), 1), PASSWORD).await;
    assert_eq!(hash.to_phc(), REFERENCE);
}

#[tokio::test]
async fn a_hash_by_the_reference_implementation_is_verified() {
    let hasher = hasher((64, 1, 1), 1);
    assert!(is_right(&hasher, PASSWORD, REFERENCE).await);
    assert!(!is_right(&hasher, "quatre bateaux verts danseny", REFERENCE).await);
    // Two lanes, and a password that is typed with a combining accent.
    let other = "$argon2id$v=19$m=256,t=3,p=2$ZmVkY2JhOTg3NjU0MzIxMA\
                 $0IRdj1syw97oIc+23ipdKNPkl5UhPhgP7E8eAcBQrgk";
    assert!(is_right(&hasher, "mot de passe d’e\u{301}te\u{301}", other).await);
    assert!(!is_right(&hasher, "mot de passe d’ete", other).await);
}

#[tokio::test]
async fn a_damaged_hash_is_a_fault_and_no_wrong_password() {
    let hasher = hasher((64, 1, 1), 1);
    for damaged in [
        "$argon2i$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1Dq3otkYr7OHDCZ0gOhQZyPB2JrafVg2VvXlqC2Xfms",
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=64,t=0,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1Dq3otkYr7OHDCZ0gOhQZyPB2JrafVg2VvXlqC2Xfms",
        "$argon2id$v=19$m=1048577,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1Dq3otkYr7OHDCZ0gOhQZyPB2JrafVg2VvXlqC2Xfms",
        "$argon2id$v=19$m=4294967295,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1Dq3otkYr7OHDCZ0gOhQZyPB2JrafVg2VvXlqC2Xfms",
    ] {
        let stored = PasswordHash::parse(damaged).unwrap();
        let verdict = hasher.verify_password(ANYBODY, password(PASSWORD), Some(stored)).await;
        assert_eq!(verdict.unwrap_err(), HashError::Fault, "{damaged}");
    }
    assert_eq!(PasswordHash::parse("secret").unwrap_err(), HashError::Fault);
}

#[tokio::test]
async fn a_code_is_hashed_as_the_reference_implementation_does() {
    let code = PersonalCode::parse("0000-0000-0000").unwrap();
    let salt =
        CodeSalt { salt: *b"0123456789abcdef", params: HashParams::new(19_456, 2, 1).unwrap() };
    let (stored, _) = hasher((64, 1, 1), 1).hash_code(ANYBODY, code, salt).await.unwrap();
    // The first half of the 64 bytes that argon2-cffi gives for 000000000000.
    let expected = 0x8a69_8eed_fdd6_2266_9d9c_0632_8eb3_547a_u128.to_be_bytes();
    let and_then = 0x4079_f678_061a_5083_e9ad_3d64_a39f_5bee_u128.to_be_bytes();
    assert_eq!(stored.as_bytes(), [expected, and_then].concat());
}

#[tokio::test]
async fn a_code_and_its_salt_make_the_stored_half_and_the_key() {
    let hasher = hasher((64, 1, 1), 2);
    let params = HashParams::new(64, 1, 1).unwrap();
    let randomness = SeededRandomness::new(3);
    let (code, other_code) =
        (PersonalCode::generate(&randomness), PersonalCode::generate(&randomness));
    let salt = CodeSalt { salt: [1; 16], params: params.clone() };
    let other_salt = CodeSalt { salt: [2; 16], params };
    let seed = [9; 32];

    let (stored, key) = hasher.hash_code(ANYBODY, code.clone(), salt.clone()).await.unwrap();
    let (again, key_again) = hasher.hash_code(ANYBODY, code.clone(), salt.clone()).await.unwrap();
    assert!(stored.matches(again.as_bytes()));
    assert_eq!(key.ticket(&seed).reveal(), key_again.ticket(&seed).reveal());

    for (code, salt) in [(code, other_salt), (other_code, salt)] {
        let (different, different_key) = hasher.hash_code(ANYBODY, code, salt).await.unwrap();
        assert!(!stored.matches(different.as_bytes()));
        assert_ne!(key.ticket(&seed).reveal(), different_key.ticket(&seed).reveal());
    }
}

#[tokio::test]
async fn a_hash_by_other_parameters_is_renewed_when_the_password_is_right() {
    let (old, new) = (hasher((64, 1, 1), 1), hasher((128, 2, 1), 1));
    let stored = hash(&old, PASSWORD).await;
    let wrong =
        new.verify_password(ANYBODY, password("autre"), Some(stored.clone())).await.unwrap();
    assert!(matches!(wrong, Verdict::Wrong));

    let right = new.verify_password(ANYBODY, password(PASSWORD), Some(stored)).await.unwrap();
    let Verdict::Right { renewed: Some(renewed) } = right else { panic!("{right:?}") };
    assert!(renewed.to_phc().starts_with("$argon2id$v=19$m=128,t=2,p=1$"), "{}", renewed.to_phc());
    let again = new.verify_password(ANYBODY, password(PASSWORD), Some(renewed)).await.unwrap();
    assert!(matches!(again, Verdict::Right { renewed: None }), "{again:?}");
}

#[tokio::test]
async fn the_renewed_hash_is_stored_and_goes_on_working() {
    let before = TestServer::start().await;
    let member = before.open_account("jeanne@exemple.fr", 1).await;
    let options = TestServerOptions {
        hash_params: (128, 2, 1),
        database_url: Some(before.database_url().to_owned()),
        ..Default::default()
    };
    let after = TestServer::start_with(options).await;
    let stored = "SELECT password_hash FROM account";
    let old = text(after.db(), stored).await.unwrap();
    assert!(old.contains("$m=64,t=1,p=1$"), "{old}");

    after.register(member.account_id, 2).await;
    let renewed = text(after.db(), stored).await.unwrap();
    assert!(renewed.contains("$m=128,t=2,p=1$"), "{renewed}");
    after.register(member.account_id, 3).await;
    assert_eq!(text(after.db(), stored).await.unwrap(), renewed);
}

#[tokio::test]
async fn without_a_hash_every_password_is_wrong_at_the_cost_of_a_real_comparison() {
    let hasher = hasher((16_384, 3, 1), 1);
    let stored = hash(&hasher, PASSWORD).await;
    // One with another space is compared twice, with a hash and without.
    for wrong in ["autre", "autre\u{a0}mot"] {
        let mut fastest = [f64::INFINITY; 2];
        let is_alike = |[real, dummy]: [f64; 2]| dummy > real / 1.5 && dummy < real * 1.5;
        // On a busy machine it takes a while until each has had the processor to itself.
        for round in 0..60 {
            if round >= 5 && is_alike(fastest) {
                break;
            }
            for (time, stored) in fastest.iter_mut().zip([Some(stored.clone()), None]) {
                let start = Instant::now();
                let verdict = hasher.verify_password(ANYBODY, password(wrong), stored).await;
                assert!(matches!(verdict, Ok(Verdict::Wrong)));
                *time = time.min(start.elapsed().as_secs_f64());
            }
        }
        let [real, dummy] = fastest;
        assert!(is_alike(fastest), "{wrong:?}: {dummy} s instead of {real} s");
    }
    // The dummy is no password that somebody could have.
    let right = hasher.verify_password(ANYBODY, password(PASSWORD), None).await.unwrap();
    assert!(matches!(right, Verdict::Wrong));
}

/// 300 hashes of 8 MiB come to 2.4 GB if a hash keeps its memory to itself.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_threads_keep_their_memory_and_take_no_more() {
    let hasher = hasher((8 * 1024, 1, 1), 2);
    hash(&hasher, PASSWORD).await;
    let before = resident_mib();
    let running: Vec<_> = (0..300)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hash(&hasher, PASSWORD).await })
        })
        .collect();
    let mut most = before;
    for hash in running {
        hash.await.unwrap();
        most = most.max(resident_mib());
    }
    assert!(most - before < 300, "{before} MiB grew to {most} MiB");
}

#[cfg(target_os = "linux")]
fn resident_mib() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096 / 1024 / 1024
}
