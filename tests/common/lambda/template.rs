//! What `template.yaml` says of the functions and of the queue, so that the stand-ins keep to it.

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The number that a resource or a parameter of the template has under a name.
pub(crate) fn number(section: &str, name: &str) -> u64 {
    let head = format!("  {section}:");
    let is_next =
        |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  #");
    let mut lines =
        TEMPLATE.lines().skip_while(|line| *line != head).skip(1).take_while(|line| !is_next(line));
    let value = lines.find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("template.yaml has no {section}.{name}, or it is no number"))
}
