//! The number in a storey's label: 12A, 3F, B1, 地下一层, 第十二层.

/// The number that a label begins with, negative below the ground; nothing for labels such as "Roof".
pub(super) fn number(label: &str) -> Option<i64> {
    let label = label.trim();
    let below = label.starts_with("地下")
        || label.starts_with('-')
        || label.starts_with('−')
        || label.strip_prefix(['B', 'b']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let digits: String =
        label.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).take(4).collect();
    let found = digits.parse().ok().or_else(|| chinese(label))?;
    Some(if below { -found } else { found })
}

/// The first Chinese number under a hundred.
fn chinese(label: &str) -> Option<i64> {
    let digit = |c: char| "零一二三四五六七八九".chars().zip(0..).find(|(d, _)| *d == c).map(|(_, n)| n);
    let is_part = |c: &char| *c == '十' || digit(*c).is_some();
    let word: Vec<char> = label.chars().skip_while(|c| !is_part(c)).take_while(is_part).collect();
    match word[..] {
        [] => None,
        ['十'] => Some(10),
        ['十', one] => Some(10 + digit(one)?),
        [ten, '十'] => Some(digit(ten)? * 10),
        [ten, '十', one] => Some(digit(ten)? * 10 + digit(one)?),
        [one] => digit(one),
        _ => None,
    }
}

/// Whether two labels mean the same storey.
pub(super) fn same(a: &str, b: &str) -> bool {
    let plain = |label: &str| label.trim().to_lowercase();
    plain(a) == plain(b) || matches!((number(a), number(b)), (Some(a), Some(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_numbers_in_latin_and_chinese() {
        let cases =
            [("12A", 12), ("3F", 3), ("B1", -1), ("-2层", -2), ("地下一层", -1), ("第十二层", 12), ("二十层", 20)];
        cases.iter().for_each(|(label, n)| assert_eq!(number(label), Some(*n), "{label}"));
        assert_eq!((number("十层"), number("Level 2"), number("二十三F")), (Some(10), Some(2), Some(23)));
        ["Roof", "屋面", "Basement", ""].iter().for_each(|label| assert_eq!(number(label), None, "{label}"));
        assert!(same("3F", " 3层") && same("Roof", "roof") && !same("3", "4") && !same("Roof", "屋面"));
    }
}
