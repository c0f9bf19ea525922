//! Java, with grpc-java.

use std::path::Path;

use super::{
    Program, assert_goes_the_whole_way, assert_is_short, assert_sees_what_the_table_says, polyglot,
};

pub(super) fn program(class: &str) -> Program {
    let arguments = [
        "-Dfile.encoding=UTF-8",
        "-Dstdout.encoding=UTF-8",
        "-cp",
        "target/classes:target/libraries/*",
        class,
    ];
    let needs = ["target/classes/example/Example.class", "target/libraries"];
    let toolchain = "a JDK of Java 17 or newer, and Maven";
    Program::new(Path::new("java"), &arguments, &polyglot().join("java"), &needs, toolchain)
}

#[tokio::test]
async fn java_sees_what_the_table_says() {
    assert_sees_what_the_table_says(program("example.Conformance")).await;
}

#[tokio::test]
async fn the_java_example_goes_the_whole_way() {
    assert_is_short("java/src/main/java/example/Example.java");
    assert_goes_the_whole_way(program("example.Example")).await;
}
