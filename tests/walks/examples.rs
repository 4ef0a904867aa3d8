//! Every example runs and says what it promises.

use std::path::Path;
use std::process::Command;

#[test]
fn the_boxes_example_finds_its_hall() {
    // Cargo builds examples beside the binary before it runs the tests.
    let example = Path::new(env!("CARGO_BIN_EXE_cimbra")).with_file_name("examples").join("boxes");
    let output = Command::new(example).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "hall building 礼堂\n");
}
