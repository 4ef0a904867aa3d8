//! What an import tells about objects that came in and do not hold together: codes, poses, networks, grids. It refuses nothing.

use super::check::ModelCheck;
use super::finding::{Finding as Told, Kind, Severity};
use super::report::FileReport;
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::model::{
    Asset, AssetId, Class, CommunityCode, ComponentCode, Cover, DatasetName, Finding, Footprint, Grid, Network, Part,
    Pose, SiteCode, VideoId, spelling,
};
use crate::store::Snapshot;
use std::collections::HashMap;

/// Names of the attributes that hold codes.
const COMPONENT: &[&str] = &["code", "component_code", "objcode", "部件编码", "部件标识码"];
const VIDEO: &[&str] = &["gb28181", "gb28181_id", "gb_id", "国标编码"];
const COMMUNITY: &[&str] = &["community_code", "社区代码", "社区编码"];
/// Names of the attribute by which an address says what it leads to.
const LEADS_TO: &[&str] = &["place", "target", "target_id", "flat_id", "house_id", "unit_id", "building_id"];

/// Gathers what one file's objects say of themselves.
#[derive(Default)]
pub(super) struct Inspection {
    parts: Vec<Part>,
    grids: Vec<Grid>,
    boundary: Option<Grid>,
    /// What addresses lead to.
    targets: Vec<AssetId>,
    /// The file's own parts of networks and grids.
    own: HashMap<AssetId, Class>,
    findings: Vec<(Class, Finding)>,
}

impl Inspection {
    /// Looks at an object before it is put; an address that says what it leads to becomes part of that.
    pub fn asset(&mut self, asset: &mut Asset, frame: Option<&SiteFrame>, site: &SiteCode) {
        self.codes(asset);
        match asset.class {
            Class::Camera => {
                let wrong = Pose::of(&asset.attributes).1;
                self.findings.extend(wrong.into_iter().map(|why| self::finding(asset, "camera_pose", why)));
            }
            Class::Address if asset.parent.is_none() => {
                asset.parent = spelling::text(&asset.attributes, LEADS_TO).map(AssetId::from);
                self.targets.extend(asset.parent.clone());
            }
            class if Part::may_be(class) => {
                let part = frame
                    .and_then(|frame| Part::of(&asset.id, class, &asset.attributes, &asset.geometry.footprint, frame));
                if let Some(part) = part {
                    self.own.insert(asset.id.clone(), class);
                    self.parts.push(part);
                }
            }
            Class::Grid | Class::Site => {
                let area = frame.and_then(|frame| Grid::new(&asset.id, &asset.geometry.footprint, frame));
                if asset.class == Class::Grid {
                    self.own.extend(area.as_ref().map(|grid| (grid.id.clone(), Class::Grid)));
                    self.grids.extend(area);
                } else if Grid::is_boundary(&asset.id, &asset.attributes, site) {
                    self.boundary = area.or(self.boundary.take());
                }
            }
            _ => {}
        }
    }

    fn codes(&mut self, asset: &Asset) {
        let said = |names| spelling::text(&asset.attributes, names);
        let by_id = |digits| Some(asset.id.to_string()).filter(|id| id.len() == digits && is_digits(id));
        if asset.class == Class::Component
            && let Some(code) = said(COMPONENT).or_else(|| by_id(16))
            && let Err(why) = ComponentCode::parse(&code)
        {
            self.findings.push(finding(
                asset,
                "component_code",
                format!("'{}' is no component's code: {why}", clip(&code)),
            ));
        }
        if asset.class == Class::Camera
            && let Some(id) = said(VIDEO).or_else(|| by_id(20))
            && let Err(why) = VideoId::parse(&id)
        {
            self.findings.push(finding(asset, "camera_id", format!("'{}' is no camera's id: {why}", clip(&id))));
        }
        let located =
            matches!(asset.class, Class::Building | Class::Address | Class::Grid | Class::Site | Class::Component);
        if located
            && let Some(code) = said(COMMUNITY)
            && let Err(why) = CommunityCode::parse(&code)
        {
            self.findings.push(finding(
                asset,
                "community_code",
                format!("'{}' is no community's code: {why}", clip(&code)),
            ));
        }
    }

    /// Whether what other files have may change what is said at the end.
    pub fn is_open(&self) -> bool {
        !(self.parts.is_empty() && self.grids.is_empty() && self.targets.is_empty())
    }
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        (self.parts.len() + self.grids.len()) * 1024 + self.own.len() * 96 + self.targets.len() * 64
    }

    /// Checks networks and grids together with what other datasets of the site have, and tells what is found of this file's
    /// objects.
    ///
    /// # Errors
    /// Attributes or geometry that cannot be paged in.
    pub fn end(
        mut self,
        snapshot: Option<&Snapshot>,
        dataset: &DatasetName,
        frame: Option<&SiteFrame>,
        file: &ModelCheck,
        report: &mut FileReport,
    ) -> Result<()> {
        let mut findings = std::mem::take(&mut self.findings);
        if let Some(frame) = frame {
            if let Some(snapshot) = snapshot {
                self.besides(snapshot, dataset, frame)?;
            }
            let ours = |f: &Finding| {
                self.own.contains_key(&*f.object) || f.others.iter().any(|id| self.own.contains_key(&**id))
            };
            let segments = self.parts.iter().filter(|part| matches!(part, Part::Segment(_))).count();
            if segments > 0 && segments == self.parts.len() {
                let note = format!("where {segments} pipes end is not checked: no manhole and no valve is known yet");
                report.notes.push(note);
            }
            let network = Network::new(std::mem::take(&mut self.parts));
            let class = |f: &Finding, other: Class| self.own.get(&*f.object).copied().unwrap_or(other);
            let of_pipes = network.findings().into_iter().filter(&ours);
            findings.extend(of_pipes.map(|f| (class(&f, Class::Pipe), f)));
            if !self.grids.is_empty() {
                let cover = Cover::of(&self.grids, self.boundary.as_ref(), frame);
                findings.extend(cover.findings().into_iter().filter(&ours).map(|f| (Class::Grid, f)));
            }
        }
        let away = |id: &&AssetId| snapshot.is_some_and(|s| s.find(id).is_none() && !file.has(id));
        let away = self.targets.iter().filter(away).count();
        if away > 0 {
            report.notes.push(format!("{away} addresses lead to what is not in the site yet"));
        }
        for (class, Finding { object, check, mut detail, others, place }) in findings {
            let unsaid: Vec<_> = others.iter().filter(|id| !detail.contains(id.as_str())).map(String::as_str).collect();
            if !unsaid.is_empty() {
                detail = format!("{detail} (with {})", unsaid.join(", "));
            }
            let kind = Kind { word: check, severity: Severity::Warning, people: people(check) };
            report.findings.add(kind, Told::new(kind, &object, class, place, detail));
        }
        Ok(())
    }

    /// Adds what other datasets have of the networks and grids that this file is about.
    fn besides(&mut self, snapshot: &Snapshot, dataset: &DatasetName, frame: &SiteFrame) -> Result<()> {
        let (pipes, grids) = (!self.parts.is_empty(), !self.grids.is_empty());
        for row in snapshot.rows() {
            let Some(asset) = snapshot.asset(row).filter(|asset| asset.dataset() != dataset) else { continue };
            let class = asset.class();
            let wanted = pipes && Part::may_be(class) || grids && matches!(class, Class::Grid | Class::Site);
            if !wanted {
                continue;
            }
            let (attributes, geometry) = (snapshot.attributes(row)?, snapshot.geometry(row)?);
            let footprint: &Footprint = &geometry.footprint;
            match class {
                Class::Grid => self.grids.extend(Grid::new(asset.id(), footprint, frame)),
                Class::Site if Grid::is_boundary(asset.id(), &attributes, snapshot.site()) => {
                    self.boundary = self.boundary.take().or_else(|| Grid::new(asset.id(), footprint, frame));
                }
                _ => self.parts.extend(Part::of(asset.id(), class, &attributes, footprint, frame)),
            }
        }
        Ok(())
    }
}

/// A finding about an asset, where it is.
fn finding(asset: &Asset, check: &'static str, detail: String) -> (Class, Finding) {
    let found = Finding::new(&*asset.id, check, detail);
    (asset.class, if asset.bounds.is_empty() { found } else { found.at(asset.bounds.center()) })
}

/// What a check finds, in words for its total.
const fn people(check: &str) -> &'static str {
    match check.as_bytes() {
        b"component_code" | b"camera_id" | b"community_code" => "codes that do not hold",
        b"camera_pose" => "measures of cameras that do not hold",
        b"overlap" => "grids that cover the same ground",
        b"gap" => "pieces of ground that no grid covers",
        _ => "pipes, manholes or valves that do not hold together",
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}
