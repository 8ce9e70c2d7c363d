use proptest::prelude::*;

use super::*;

#[test]
fn finds_the_columns_of_a_program() {
    for (text, columns) in [
        ("{{ Given }} {{ Family }}", vec!["Family", "Given"]),
        ("{{ row[\"First Name\"] }}{{ 氏名|trim }}", vec!["First Name", "氏名"]),
        ("a row of {% if Kana %}{{ row.Kana }}{% else %}{{ row['Name'] }}{% endif %}", vec!["Kana", "Name"]),
        ("{ {{ A }} }", vec!["A"]),
    ] {
        assert_eq!(check_template(text).as_deref(), Ok(columns.map_to_owned().as_slice()), "{text}");
    }
    assert_eq!(
        check_expression("Country == 'JP' and LTV|float > 100 and row['a b'] in ['x', 'y']").unwrap(),
        ["Country", "LTV", "a b"]
    );
}

#[test]
fn a_templates_own_variables_are_not_columns() {
    for (text, columns) in [
        ("{% for like in Likes %}{{ loop.index }}{{ like }}{% endfor %}", vec!["Likes"]),
        ("{% if not (A) %}{{ B|replace('a.b', '') }}{% elif (A) %}x{% endif %} e.g. a.b", vec!["A", "B"]),
        ("{% for n in range(3) %}{{ A }}{% endfor %}", vec!["A"]),
    ] {
        assert_eq!(check_template(text).as_deref(), Ok(columns.map_to_owned().as_slice()), "{text}");
    }
}

trait Owned {
    fn map_to_owned(&self) -> Vec<String>;
}

impl Owned for Vec<&str> {
    fn map_to_owned(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[test]
fn rejects_filters_that_are_not_conditions() {
    let error = |text| check_expression(text).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            "Country",
            "(Country)",
            "row['Opt in']",
            "row.Active",
            "Country|lower",
            "Country|replace('a', 'b')|trim",
            "LTV|float",
            "Active|bool",
            "not Active",
            "Active and Country == 'JP'",
            "Country == 'JP' and Active",
            "Country == 'JP' and (Tier == 'x' or Active|lower)",
            "(Tier|default('x', true) == 'x' and Active)",
            "'JP' in Country or Countries",
            "true if Active else false",
            "A == 'x' if B == 'y' else C",
            "LTV|float + 1",
            "[A]",
            "A ~ B",
        ]
        .map(|text| format!("{text}\n  {}", error(text)))
        .join("\n")
    );
    for text in [
        "(Mobile or Phone) != ''",
        "(Mobile or Phone)|length > 3",
        "(A if B == 'x' else C) == 'y'",
        "(Country) == 'JP'",
        "not (Country) == 'JP'",
        "Country in (A)",
        "Country in (A, B)",
        "A|default(B) != ''",
        "A is string",
        "not (A in ['x', B])",
        "{'JP': true}[Country]",
        "row['Opt in'] == 'yes' and not row['Opt in']|lower == 'no'",
    ] {
        assert!(check_expression(text).is_ok(), "{text}: {:?}", check_expression(text));
    }
}

#[test]
fn rejects_invalid_programs() {
    let error = |checked: Result<Vec<String>, ProgramError>| checked.unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error(check_template("{{ Given")),
            error(check_template("{{ row[Given] }}")),
            error(check_template("{% for c in row %}{{ c }}{% endfor %}")),
            error(check_template("Dear customer")),
            error(check_template("{% include 'x' %}")),
            error(check_expression("Country ==")),
            error(check_expression("true")),
            error(check_expression("LTV > 100")),
            error(check_expression("Country == 'JP' and 100 <= row[\"Life time\"]")),
            error(check_expression("Country = 'JP'")),
            error(check_expression("Country == 'JP' && City == 'Kyoto'")),
            error(check_expression("Country == 'JP' || City == 'Kyoto'")),
            error(check_expression("Country <> 'JP'")),
            error(check_expression("Country == 'JP'; City == 'Kyoto'")),
            error(check_expression("A == 'x') or (B == 'y'")),
            error(check_expression("LTV|flota > 100")),
            error(check_expression("float(LTV) > 100")),
            error(check_expression("len(Name) > 3")),
            error(check_expression("Name is not filled")),
            error(check_template("{{ Name.upper() }}")),
            error(check_template("{{ address.city }}")),
            error(check_template("{{ row.home.address.city|trim }}")),
        ]
        .join("\n")
    );
    for text in [
        "LTV|float > 100",
        "100 < LTV|float",
        "Name|length > 3",
        "(A|int + 1) > 3",
        "A == '1'",
        "A is not none",
        "not (A in ['x', 'y']) and (B|trim) is string",
        "A is in(['x'])",
        "A|default('x|flota(1)') != 'is filled'",
    ] {
        assert!(check_expression(text).is_ok(), "{text}: {:?}", check_expression(text));
    }
}

proptest! {
    #[test]
    fn never_panics(text in "[\\PC]{0,40}|[{}%|.'\"\\[\\]()A-Za-z0-9=<>! row]{0,60}") {
        let _ = check_template(&text);
        let _ = check_expression(&text);
    }
}
