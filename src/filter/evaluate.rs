//! A filter asked of one asset; three-valued, so that what is unknown stays unknown under NOT (OGC 21-065r2 §6.4).

use super::{Comparison, Expr, Filter, Operand, Place, Relation};
use crate::fault::Result;
use crate::model::{Attributes, Collections, Footprint, Value, is_personal};
use crate::store::{AssetRef, Snapshot};
use geo::{Coord, Geometry, LineString, MultiLineString, MultiPolygon, Point, Polygon, Relate};
use std::cmp::Ordering;
use std::sync::Arc;

impl Filter {
    /// Whether the asset matches for somebody who may read `readable`: what they may not see, an asset does not have. `seen` is
    /// told the number of each named property that the asset has.
    ///
    /// # Errors
    /// Attributes or geometry that cannot be paged in.
    pub fn matches(
        &self,
        snapshot: &Snapshot,
        asset: &AssetRef<'_>,
        readable: Collections,
        seen: &mut dyn FnMut(usize),
    ) -> Result<bool> {
        let resident = |name: &String| resident(asset, readable, name).is_some();
        let paged = self.properties.iter().any(|name| !resident(name));
        let attributes = if paged { Some(snapshot.attributes(asset.row())?) } else { None };
        let known = Known { asset, readable, attributes };
        let values: Vec<Option<Value>> = self.properties.iter().map(|name| known.value(name)).collect();
        values.iter().enumerate().filter(|(_, value)| value.is_some()).for_each(|(i, _)| seen(i));
        let question = Question { snapshot, asset, values: &values };
        Ok(question.truth(&self.root)? == Some(true))
    }
}

/// A property that needs no paging; `Some(None)` where the asset has none.
fn resident(asset: &AssetRef<'_>, readable: Collections, name: &str) -> Option<Option<Value>> {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    Some(match name {
        "id" => text(asset.id()),
        "class" => text(asset.class().name()),
        "collection" => text(asset.class().collection().name()),
        "name" => Some(asset.name()).filter(|n| !n.is_empty()).and_then(text),
        "dataset" => text(asset.dataset().as_str()),
        "parent" => asset.parent_id_for(readable).and_then(text),
        "storey" => asset.storey().and_then(text),
        "layer" => asset.layer().and_then(text),
        _ => return None,
    })
}

struct Known<'a> {
    asset: &'a AssetRef<'a>,
    readable: Collections,
    attributes: Option<Arc<Attributes>>,
}

impl Known<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        if let Some(value) = resident(self.asset, self.readable, name) {
            return value;
        }
        if !self.readable.has_guarded() && is_personal(self.asset.class(), name) {
            return None;
        }
        let attributes = self.attributes.as_deref()?;
        let found = attributes.iter().find(|(known, _)| known == name || known.strip_prefix("source.") == Some(name));
        found.map(|(_, value)| value.clone()).or_else(|| nested(attributes, name))
    }
}

/// `a.b` as the member `b` of the map `a`.
fn nested(attributes: &Attributes, name: &str) -> Option<Value> {
    let (outer, inner) = name.split_once('.')?;
    match &attributes.iter().find(|(known, _)| known == outer)?.1 {
        Value::Map(members) => {
            members.iter().find(|(n, _)| n == inner).map(|(_, v)| v.clone()).or_else(|| nested(members, inner))
        }
        _ => None,
    }
}

struct Question<'a> {
    snapshot: &'a Snapshot,
    asset: &'a AssetRef<'a>,
    values: &'a [Option<Value>],
}

impl Question<'_> {
    fn truth(&self, expr: &Expr) -> Result<Option<bool>> {
        Ok(match expr {
            Expr::And(all) => {
                let mut result = Some(true);
                for one in all {
                    match self.truth(one)? {
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                        Some(true) => {}
                    }
                }
                result
            }
            Expr::Or(all) => {
                let mut result = Some(false);
                for one in all {
                    match self.truth(one)? {
                        Some(true) => return Ok(Some(true)),
                        None => result = None,
                        Some(false) => {}
                    }
                }
                result
            }
            Expr::Not(inner) => self.truth(inner)?.map(|truth| !truth),
            Expr::Compare(how, a, b) => self.compare(a, b).map(|order| held(*how, order)),
            Expr::Between(what, low, high) => {
                let low = self.compare(what, low).map(Ordering::is_ge);
                let high = self.compare(what, high).map(Ordering::is_le);
                low.zip(high).map(|(low, high)| low && high)
            }
            Expr::In(what, list) => {
                let each: Vec<_> = list.iter().map(|one| self.compare(what, one)).collect();
                match each.contains(&Some(Ordering::Equal)) {
                    true => Some(true),
                    false => self.value(what).map(|_| false),
                }
            }
            Expr::Like(what, pattern) => match (self.value(what), self.value(pattern)) {
                (Some(Value::Text(text)), Some(Value::Text(pattern))) => Some(like(&text, &pattern)),
                (Some(_), Some(Value::Text(_))) => Some(false),
                _ => None,
            },
            Expr::IsNull(what) => Some(self.value(what).is_none_or(|value| value == Value::Null)),
            Expr::Is(what) => match self.value(what) {
                Some(Value::Bool(truth)) => Some(truth),
                _ => None,
            },
            Expr::Spatial(relation, place) => self.spatial(*relation, place)?,
        })
    }

    fn value(&self, operand: &Operand) -> Option<Value> {
        match operand {
            Operand::Property(number) => self.values.get(*number)?.clone(),
            Operand::Text(text) => Some(Value::Text(text.clone())),
            Operand::Number(number) => Some(Value::Float(*number)),
            Operand::Bool(truth) => Some(Value::Bool(*truth)),
            Operand::Folded(inner) => Some(match self.value(inner)? {
                Value::Text(text) => Value::Text(text.to_lowercase()),
                other => other,
            }),
            Operand::Arithmetic(sign, a, b) => {
                let (a, b) = (number(&self.value(a)?)?, number(&self.value(b)?)?);
                let result = match sign {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    '/' => a / b,
                    _ => a % b,
                };
                result.is_finite().then_some(Value::Float(result))
            }
        }
    }

    /// How two values stand; unknown between values of different kinds.
    fn compare(&self, a: &Operand, b: &Operand) -> Option<Ordering> {
        match (self.value(a)?, self.value(b)?) {
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(&b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(&b)),
            (a, b) => number(&a)?.partial_cmp(&number(&b)?),
        }
    }

    fn spatial(&self, relation: Relation, place: &Place) -> Result<Option<bool>> {
        let bounds = self.asset.bounds();
        if bounds.is_empty() {
            return Ok(None);
        }
        let apart = !bounds.intersects(&place.bounds);
        if apart {
            return Ok(Some(relation == Relation::Disjoint));
        }
        let Some(own) = geometry(&self.snapshot.geometry(self.asset.row())?.footprint) else { return Ok(None) };
        let matrix = own.relate(&place.geometry);
        Ok(Some(match relation {
            Relation::Intersects => matrix.is_intersects(),
            Relation::Disjoint => matrix.is_disjoint(),
            Relation::Within => matrix.is_within(),
            Relation::Contains => matrix.is_contains(),
        }))
    }
}

fn held(how: Comparison, order: Ordering) -> bool {
    match how {
        Comparison::Equal => order.is_eq(),
        Comparison::Unequal => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "numbers of a filter are doubles")]
        Value::Int(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        _ => None,
    }
}

/// `%` stands for any characters, `_` for one, a backslash takes the meaning from what follows it.
fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut signs = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        signs.push(match c {
            '%' => None,
            '_' => Some(None),
            '\\' => Some(chars.next()),
            c => Some(Some(c)),
        });
    }
    // The last `%` met, and how much text it stands for so far: going back to it alone is enough.
    let (mut at, mut sign, mut back) = (0, 0, None);
    while at < text.len() {
        match signs.get(sign) {
            Some(None) => {
                back = Some((sign, at));
                sign += 1;
            }
            Some(Some(one)) if one.is_none_or(|c| text.get(at) == Some(&c)) => (at, sign) = (at + 1, sign + 1),
            _ => {
                let Some((last, from)) = back else { return false };
                back = Some((last, from + 1));
                (at, sign) = (from + 1, last + 1);
            }
        }
    }
    signs.iter().skip(sign).all(Option::is_none)
}

/// A footprint in longitude and latitude.
fn geometry(footprint: &Footprint) -> Option<Geometry<f64>> {
    let line = |points: &Vec<[f64; 3]>| LineString::new(points.iter().map(|p| Coord { x: p[0], y: p[1] }).collect());
    let area = |rings: &Vec<Vec<[f64; 3]>>| {
        let mut rings = rings.iter().map(line);
        Polygon::new(rings.next().unwrap_or_else(|| LineString::new(Vec::new())), rings.collect())
    };
    Some(match footprint {
        Footprint::None => return None,
        Footprint::Point([x, y, _]) => Point::new(*x, *y).into(),
        Footprint::Lines(lines) => MultiLineString::new(lines.iter().map(line).collect()).into(),
        Footprint::Areas(areas) => MultiPolygon::new(areas.iter().map(area).collect()).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_match_as_a_slow_matcher_says() {
        fn slow(text: &[char], pattern: &[char]) -> bool {
            match pattern {
                [] => text.is_empty(),
                ['%', rest @ ..] => (0..=text.len()).any(|n| slow(&text[n..], rest)),
                ['_', rest @ ..] => !text.is_empty() && slow(&text[1..], rest),
                [c, rest @ ..] => text.first() == Some(c) && slow(&text[1..], rest),
            }
        }
        let alphabet = ['a', '楼', '%', '_'];
        let words: Vec<String> = (0..4_usize.pow(5))
            .map(|n| (0..5).map(|i| n / 4_usize.pow(i) % 5).filter_map(|i| alphabet.get(i)).collect())
            .collect();
        for pattern in words.iter().step_by(3) {
            for text in words.iter().filter(|w| !w.contains(['%', '_'])) {
                let chars = |s: &str| s.chars().collect::<Vec<_>>();
                assert_eq!(like(text, pattern), slow(&chars(text), &chars(pattern)), "{text} LIKE {pattern}");
            }
        }
        assert!(like("50%", "50\\%") && !like("500", "50\\%"));
    }
}
