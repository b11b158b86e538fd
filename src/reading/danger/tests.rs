use super::*;

#[test]
fn the_embedded_rules_are_valid() {
    if let Err(error) = Rules::load() {
        panic!("{error}");
    }
}
