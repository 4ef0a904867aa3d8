//! Tokens into a filter, by the grammar of CQL2 text (OGC 21-065r2 annex B).

use super::lex::{Placed, Token, tokens, wrong};
use super::{Comparison, Expr, Filter, Operand, Place, Relation};
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use geo::BoundingRect;

/// Parentheses and NOTs within each other.
const DEEPEST: usize = 64;

impl std::str::FromStr for Filter {
    type Err = Fault;
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) for parameter `filter`, with the place in the text.
    fn from_str(text: &str) -> Result<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { text, tokens: &tokens, next: 0, depth: 0, properties: Vec::new() };
        let root = parser.or()?;
        match parser.tokens.get(parser.next) {
            None => Ok(Self { root, properties: parser.properties }),
            Some(_) => Err(parser.wrong("the filter should end here")),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Placed],
    next: usize,
    depth: usize,
    properties: Vec<String>,
}

impl<'t> Parser<'t> {
    fn wrong(&self, what: &str) -> Fault {
        let at = self.tokens.get(self.next).map_or(self.text.len(), |(_, at)| *at);
        wrong(self.text, at, what)
    }
    fn peek(&self, ahead: usize) -> Option<&'t Token> {
        self.tokens.get(self.next + ahead).map(|(token, _)| token)
    }
    /// Takes the keyword, whatever its letter case.
    fn word(&mut self, keyword: &str) -> bool {
        let is = matches!(self.peek(0), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is);
        is
    }
    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(0), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(is);
        is
    }
    fn need(&mut self, sign: &str) -> Result<()> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong(&format!("'{sign}' is missing"))) }
    }
    fn deeper<T>(&mut self, inner: fn(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong(&format!("more than {DEEPEST} levels of nesting")));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Result<Expr> {
        let mut all = vec![self.and()?];
        while self.word("OR") {
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Expr::Or(all) })
    }
    fn and(&mut self) -> Result<Expr> {
        let mut all = vec![self.not()?];
        while self.word("AND") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Expr::And(all) })
    }
    fn not(&mut self) -> Result<Expr> {
        if self.word("NOT") {
            return Ok(Expr::Not(Box::new(self.deeper(Self::not)?)));
        }
        // A parenthesis holds a predicate or the beginning of an arithmetic operand; only what comes tells.
        let (before, known) = (self.next, self.properties.len());
        if self.sign("(") {
            let inner = self.deeper(Self::or);
            if let (Ok(inner), true) = (inner, self.sign(")")) {
                let goes_on = matches!(self.peek(0), Some(Token::Sign(sign)) if !matches!(*sign, ")" | ","));
                if !goes_on {
                    return Ok(inner);
                }
            }
            self.next = before;
            self.properties.truncate(known);
        }
        self.predicate()
    }
    fn predicate(&mut self) -> Result<Expr> {
        if let (Some(Token::Word(word)), Some(Token::Sign("("))) = (self.peek(0), self.peek(1))
            && let Some(relation) = relation(word)
        {
            self.next += 2;
            return self.spatial(relation);
        }
        let left = self.sum()?;
        let compared = match self.peek(0) {
            Some(Token::Sign("=")) => Some(Comparison::Equal),
            Some(Token::Sign("<>")) => Some(Comparison::Unequal),
            Some(Token::Sign("<")) => Some(Comparison::Less),
            Some(Token::Sign("<=")) => Some(Comparison::LessOrEqual),
            Some(Token::Sign(">")) => Some(Comparison::Greater),
            Some(Token::Sign(">=")) => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        if let Some(comparison) = compared {
            self.next += 1;
            return Ok(Expr::Compare(comparison, left, self.sum()?));
        }
        if self.word("IS") {
            let not = self.word("NOT");
            if !self.word("NULL") {
                return Err(self.wrong("NULL is missing"));
            }
            return Ok(negated(not, Expr::IsNull(left)));
        }
        let not = self.word("NOT");
        if self.word("LIKE") {
            return Ok(negated(not, Expr::Like(left, self.sum()?)));
        }
        if self.word("BETWEEN") {
            let low = self.sum()?;
            if !self.word("AND") {
                return Err(self.wrong("AND is missing"));
            }
            return Ok(negated(not, Expr::Between(left, low, self.sum()?)));
        }
        if self.word("IN") {
            self.need("(")?;
            let mut list = vec![self.sum()?];
            while self.sign(",") {
                list.push(self.sum()?);
            }
            self.need(")")?;
            return Ok(negated(not, Expr::In(left, list)));
        }
        match left {
            Operand::Property(_) | Operand::Bool(_) if !not => Ok(Expr::Is(left)),
            _ => Err(self.wrong("a comparison is missing")),
        }
    }

    fn sum(&mut self) -> Result<Operand> {
        let mut left = self.product()?;
        while let Some(Token::Sign(sign @ ("+" | "-"))) = self.peek(0) {
            self.next += 1;
            left = Operand::Arithmetic(first(sign), Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }
    fn product(&mut self) -> Result<Operand> {
        let mut left = self.operand()?;
        while let Some(Token::Sign(sign @ ("*" | "/" | "%"))) = self.peek(0) {
            self.next += 1;
            left = Operand::Arithmetic(first(sign), Box::new(left), Box::new(self.operand()?));
        }
        Ok(left)
    }
    fn operand(&mut self) -> Result<Operand> {
        let Some(token) = self.peek(0) else { return Err(self.wrong("a value or a property is missing")) };
        self.next += 1;
        Ok(match token {
            Token::Text(text) => Operand::Text(text.clone()),
            Token::Number(number) => Operand::Number(*number),
            Token::Sign("-") => {
                let zero = Box::new(Operand::Number(0.0));
                Operand::Arithmetic('-', zero, Box::new(self.deeper(Self::operand)?))
            }
            Token::Sign("(") => {
                let inner = self.deeper(Self::sum)?;
                self.need(")")?;
                inner
            }
            Token::Quoted(name) => self.property(name),
            Token::Word(word) if matches!(self.peek(0), Some(Token::Sign("("))) => {
                self.next += 1;
                let inner = self.deeper(Self::sum)?;
                self.need(")")?;
                match (word.to_ascii_uppercase().as_str(), inner) {
                    ("CASEI", inner) => Operand::Folded(Box::new(inner)),
                    // Attributes hold times as ISO 8601 texts, which compare as the times do.
                    ("DATE" | "TIMESTAMP", Operand::Text(text)) => Operand::Text(text),
                    _ => {
                        self.next -= 1;
                        return Err(self.wrong(&format!("'{word}' is no function that is known here")));
                    }
                }
            }
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "TRUE" => Operand::Bool(true),
                "FALSE" => Operand::Bool(false),
                "AND" | "OR" | "NOT" | "IN" | "LIKE" | "BETWEEN" | "IS" | "NULL" => {
                    self.next -= 1;
                    return Err(self.wrong("a value or a property is missing"));
                }
                _ => self.property(word),
            },
            Token::Sign(_) => {
                self.next -= 1;
                return Err(self.wrong("a value or a property is missing"));
            }
        })
    }
    fn property(&mut self, name: &str) -> Operand {
        let known = self.properties.iter().position(|known| known == name);
        Operand::Property(known.unwrap_or_else(|| {
            self.properties.push(name.to_owned());
            self.properties.len() - 1
        }))
    }

    /// The two arguments of a spatial function: `geometry` and a literal, in either order.
    fn spatial(&mut self, relation: Relation) -> Result<Expr> {
        let geometry = |parser: &mut Self| parser.word("geometry");
        let first = geometry(self);
        if first {
            self.need(",")?;
        }
        let place = self.place()?;
        if !first {
            self.need(",")?;
            if !geometry(self) {
                return Err(self.wrong("one argument is 'geometry', the other a POINT, POLYGON, BBOX …"));
            }
        }
        self.need(")")?;
        let relation = match (relation, first) {
            (Relation::Within, false) => Relation::Contains,
            (Relation::Contains, false) => Relation::Within,
            (relation, _) => relation,
        };
        Ok(Expr::Spatial(relation, Box::new(place)))
    }
    fn place(&mut self) -> Result<Place> {
        let from = self.tokens.get(self.next).map_or(self.text.len(), |(_, at)| *at);
        let Some(Token::Word(kind)) = self.peek(0) else { return Err(self.wrong(UNPLACED)) };
        let is_box = kind.eq_ignore_ascii_case("BBOX");
        // A literal ends with the parenthesis that closes its first one.
        let (mut open, mut end) = (0_usize, None);
        for (ahead, (token, at)) in self.tokens.iter().enumerate().skip(self.next) {
            match token {
                Token::Sign("(") => open += 1,
                Token::Sign(")") if open == 1 => {
                    end = Some((ahead + 1, at + 1));
                    break;
                }
                Token::Sign(")") => open = open.saturating_sub(1),
                Token::Text(_) | Token::Quoted(_) => break,
                _ => {}
            }
        }
        let Some((next, to)) = end else { return Err(self.wrong(UNPLACED)) };
        let literal = self.text.get(from..to).unwrap_or_default();
        let place = if is_box { bbox(literal).ok_or(UNPLACED) } else { wkt(literal) };
        let place = place.map_err(|what| self.wrong(what))?;
        self.next = next;
        Ok(place)
    }
}

fn negated(not: bool, expr: Expr) -> Expr {
    if not { Expr::Not(Box::new(expr)) } else { expr }
}

fn first(sign: &str) -> char {
    sign.chars().next().unwrap_or('+')
}

fn relation(word: &str) -> Option<Relation> {
    Some(match word.to_ascii_uppercase().as_str() {
        "S_INTERSECTS" => Relation::Intersects,
        "S_DISJOINT" => Relation::Disjoint,
        "S_WITHIN" => Relation::Within,
        "S_CONTAINS" => Relation::Contains,
        _ => return None,
    })
}

/// `BBOX(west, south[, low], east, north[, high])`.
fn bbox(literal: &str) -> Option<Place> {
    let inner = literal.split_once('(')?.1.strip_suffix(')')?;
    let numbers: Vec<f64> = inner.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
    let (west, south, low, east, north, high) = match *numbers.as_slice() {
        [w, s, e, n] => (w, s, f64::NEG_INFINITY, e, n, f64::INFINITY),
        [w, s, l, e, n, h] => (w, s, l, e, n, h),
        _ => return None,
    };
    let sound = numbers.iter().all(|n| n.is_finite()) && west <= east && south <= north && low <= high;
    let geometry = geo::Rect::new((west, south), (east, north)).to_polygon().into();
    sound.then_some(Place { geometry, bounds: Bounds { min: [west, south, low], max: [east, north, high] } })
}

/// What a literal that is none should have been.
const UNPLACED: &str = "a POINT, LINESTRING, POLYGON … or BBOX in longitude and latitude";

fn wkt(literal: &str) -> std::result::Result<Place, &'static str> {
    let parsed: wkt::Wkt<f64> = literal.parse().map_err(|_| UNPLACED)?;
    if !closed(&parsed) {
        return Err("each ring of a polygon ends with the position that it begins with");
    }
    placed(parsed).ok_or(UNPLACED)
}

fn placed(parsed: wkt::Wkt<f64>) -> Option<Place> {
    let geometry = geo::Geometry::try_from(parsed).ok()?;
    let around = geometry.bounding_rect()?;
    let (min, max) = (around.min(), around.max());
    let finite = [min.x, min.y, max.x, max.y].iter().all(|c| c.is_finite());
    let bounds = Bounds { min: [min.x, min.y, f64::NEG_INFINITY], max: [max.x, max.y, f64::INFINITY] };
    (finite && whole(&geometry)).then_some(Place { geometry, bounds })
}

/// Whether rings are closed (OGC 06-103r4 §6.1.11): what is made of them here would be, in whatever way.
fn closed(parsed: &wkt::Wkt<f64>) -> bool {
    let area =
        |p: &wkt::types::Polygon<f64>| p.rings().iter().all(|ring| ring.coords().first() == ring.coords().last());
    match parsed {
        wkt::Wkt::Polygon(polygon) => area(polygon),
        wkt::Wkt::MultiPolygon(all) => all.polygons().iter().all(area),
        wkt::Wkt::GeometryCollection(all) => all.geometries().iter().all(closed),
        _ => true,
    }
}

/// Whether rings have four positions and lines two (OGC 06-103r4 §6.1.7, §6.1.11).
fn whole(geometry: &geo::Geometry<f64>) -> bool {
    let area = |p: &geo::Polygon<f64>| std::iter::once(p.exterior()).chain(p.interiors()).all(|ring| ring.0.len() > 3);
    let line = |l: &geo::LineString<f64>| l.0.len() > 1;
    match geometry {
        geo::Geometry::Polygon(polygon) => area(polygon),
        geo::Geometry::MultiPolygon(all) => all.iter().all(area),
        geo::Geometry::LineString(one) => line(one),
        geo::Geometry::MultiLineString(all) => all.iter().all(line),
        geo::Geometry::GeometryCollection(all) => all.iter().all(whole),
        _ => true,
    }
}
