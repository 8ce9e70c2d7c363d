//! Reads settings of the functions and the queue from `template.yaml`, so that the stand-ins match them.

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// Returns a number of a resource or a parameter of the template.
pub(crate) fn number(section: &str, name: &str) -> u64 {
    let head = format!("  {section}:");
    let is_next =
        |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  #");
    let mut lines =
        TEMPLATE.lines().skip_while(|line| *line != head).skip(1).take_while(|line| !is_next(line));
    let value = lines.find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("template.yaml has no number {section}.{name}"))
}
