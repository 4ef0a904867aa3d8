//! Faces that nobody sees, because something of another kind or colour lies on them.

use super::WELD;
use super::hausdorff::farthest;
use super::nearest::{Nearest, Triangle, normal};
use super::triangulate::{dot, length};

/// What lies on a face is within this of it everywhere; metres.
const TOUCHING: f64 = 10.0 * WELD;
/// The cosine between two faces that look at each other is at most this.
const FACING: f64 = -0.999;
/// A thing of more kinds and colours than this is a picture, not a few parts on one another, and is not looked at.
const GROUPS: usize = 64;

/// A triangle that nobody sees, and those that lie on it.
pub(super) type Covered = (u32, Vec<u32>);

/// The triangles that those of one other group cover, looking at them: a step's underlay below its tread. Each of `shape` is of the
/// group that `groups` says; `of_group` are the triangles of each group, in the same order.
pub(super) fn hidden(shape: &[Triangle], groups: &[u32], of_group: &[Nearest]) -> Vec<Covered> {
    if !(2..=GROUPS).contains(&of_group.len()) {
        return Vec::new();
    }
    let mut numbers: Vec<Vec<u32>> = vec![Vec::new(); of_group.len()];
    (0..).zip(groups).for_each(|(number, group)| numbers[*group as usize].push(number));
    let covered = |(number, (own, group)): (u32, (&Triangle, &u32))| {
        let others = of_group.iter().zip(&numbers).enumerate().filter(|(other, _)| *other != *group as usize);
        let on = others.map(|(_, (others, numbers))| Some((covering(others, own)?, numbers)));
        let (on, numbers) = on.flatten().next()?;
        Some((number, on.into_iter().filter_map(|i| numbers.get(i as usize).copied()).collect()))
    };
    (0..).zip(shape.iter().zip(groups)).filter_map(covered).collect()
}

/// The numbers of the triangles of `others` that lie on all of `own` and look at it.
fn covering(others: &Nearest, own: &Triangle) -> Option<Vec<u32>> {
    let middle = std::array::from_fn(|k| own.iter().map(|p| p[k]).sum::<f64>() / 3.0);
    others.to(middle, TOUCHING)?;
    let mut on: Vec<u32> = Vec::new();
    let mut near = |p| others.to(p, 2.0 * TOUCHING);
    let away = farthest(own, &mut near, others.triangles(), TOUCHING, TOUCHING, &mut |number| on.push(number));
    on.sort_unstable();
    on.dedup();
    let up = normal(own);
    let facing = |number: &u32| {
        let down = others.triangles().get(*number as usize).map_or([0.0; 3], normal);
        dot(up, down) <= FACING * length(up) * length(down)
    };
    (away.most <= TOUCHING && on.iter().all(facing)).then_some(on)
}

#[cfg(test)]
mod tests {
    use super::super::soup::Soup;
    use super::*;

    /// Two squares of a metre and `apart`, the upper one `size` metres wide and of the group `over`, the lower one looking up.
    fn squares(size: f64, apart: f64, over: u32, up: bool) -> Vec<Covered> {
        let square = |s: f64, z: f64| [[0.0, 0.0, z], [s, 0.0, z], [s, s, z], [0.0, s, z]];
        let points = [square(1.0, 0.0), square(size, apart)].concat();
        let upper = if up { [[4, 5, 6], [4, 6, 7]] } else { [[4, 6, 5], [4, 7, 6]] };
        let corners = [[[0, 1, 2], [0, 2, 3]], upper].concat();
        let soup = Soup { points, corners, groups: vec![0, 0, over, over] };
        hidden(&soup.triangles(), &soup.groups, &soup.of_groups())
    }

    #[test]
    fn what_another_colour_lies_on_all_over_is_not_seen() {
        let under = squares(1.2, 0.0002, 1, false);
        assert_eq!(under.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [0, 1]);
        assert!(under.iter().all(|(_, on)| !on.is_empty() && on.iter().all(|n| *n > 1)), "{under:?}");
        assert!(squares(1.2, 0.002, 1, false).is_empty(), "2 mm apart one sees between");
        assert!(squares(0.9, 0.0, 1, false).iter().all(|(n, _)| *n > 1), "a part of it is seen");
        assert!(squares(1.2, 0.0, 1, true).is_empty(), "both are seen from above");
        assert!(squares(1.2, 0.0, 0, false).is_empty(), "of one colour it makes no difference");
    }
}
