//! TypeScript on Node, through two transports: @grpc/grpc-js, and Connect's.

use std::path::Path;

use super::{
    Program, assert_goes_the_whole_way, assert_is_short, assert_sees_what_the_table_says, polyglot,
};

pub(super) fn program(script: &str) -> Program {
    let folder = polyglot().join("typescript");
    let script = format!("dist/src/{script}.js");
    let needs = ["node_modules", script.as_str()];
    Program::new(Path::new("node"), &[&script], &folder, &needs, "Node 20 or newer, with npm")
}

#[tokio::test]
async fn grpc_js_sees_what_the_table_says() {
    assert_sees_what_the_table_says(program("conformance_grpc_js")).await;
}

#[tokio::test]
async fn the_grpc_js_example_goes_the_whole_way() {
    assert_is_short("typescript/src/example_grpc_js.ts");
    assert_goes_the_whole_way(program("example_grpc_js")).await;
}

#[tokio::test]
async fn connect_sees_what_the_table_says() {
    assert_sees_what_the_table_says(program("conformance_connect")).await;
}

#[tokio::test]
async fn the_connect_example_goes_the_whole_way() {
    assert_is_short("typescript/src/example_connect.ts");
    assert_goes_the_whole_way(program("example_connect")).await;
}
