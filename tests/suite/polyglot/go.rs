//! Go, with grpc-go.

use super::{
    Program, assert_goes_the_whole_way, assert_is_short, assert_sees_what_the_table_says, polyglot,
};

pub(super) fn program(name: &str) -> Program {
    let folder = polyglot().join("go");
    Program::new(&folder.join("bin").join(name), &[], &folder, &["bin"], "Go 1.26 or newer")
}

#[tokio::test]
async fn go_sees_what_the_table_says() {
    assert_sees_what_the_table_says(program("conformance")).await;
}

#[tokio::test]
async fn the_go_example_goes_the_whole_way() {
    assert_is_short("go/example/main.go");
    assert_goes_the_whole_way(program("example")).await;
}
