//! What a room is for, in the words of both languages.

/// What a room, storey or building is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    Living,
    Dining,
    Master,
    Bedroom,
    Study,
    Kitchen,
    Bathroom,
    Balcony,
    Hall,
    Store,
    Corridor,
    Lobby,
    Stair,
    LiftShaft,
    Riser,
    Open,
    Refuge,
    Parking,
    Plant,
    Office,
    Classroom,
    Clinic,
    Shop,
    Activity,
}

impl Usage {
    /// `[identifier, Chinese, English]`.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::Living => ["living_room", "客厅", "Living room"],
            Self::Dining => ["dining_room", "餐厅", "Dining room"],
            Self::Master => ["master_bedroom", "主卧", "Master bedroom"],
            Self::Bedroom => ["bedroom", "次卧", "Bedroom"],
            Self::Study => ["study", "书房", "Study"],
            Self::Kitchen => ["kitchen", "厨房", "Kitchen"],
            Self::Bathroom => ["bathroom", "卫生间", "Bathroom"],
            Self::Balcony => ["balcony", "阳台", "Balcony"],
            Self::Hall => ["hall", "玄关", "Hall"],
            Self::Store => ["store", "储藏室", "Store"],
            Self::Corridor => ["corridor", "走廊", "Corridor"],
            Self::Lobby => ["lift_lobby", "电梯厅", "Lift lobby"],
            Self::Stair => ["stair", "楼梯间", "Stair"],
            Self::LiftShaft => ["lift_shaft", "电梯井", "Lift shaft"],
            Self::Riser => ["riser", "管道井", "Riser"],
            Self::Open => ["open_storey", "架空层", "Open ground storey"],
            Self::Refuge => ["refuge", "避难区", "Refuge"],
            Self::Parking => ["parking", "停车区", "Parking hall"],
            Self::Plant => ["plant", "设备间", "Plant room"],
            Self::Office => ["office", "办公室", "Office"],
            Self::Classroom => ["classroom", "教室", "Classroom"],
            Self::Clinic => ["clinic", "诊室", "Consulting room"],
            Self::Shop => ["shop", "商铺", "Shop"],
            Self::Activity => ["activity", "活动室", "Activity room"],
        }
    }
    /// The identifier, lower case with underscores.
    pub(super) const fn id(self) -> &'static str {
        self.words()[0]
    }
    /// The Chinese name.
    pub(super) const fn zh(self) -> &'static str {
        self.words()[1]
    }
    /// The English name.
    pub(super) const fn en(self) -> &'static str {
        self.words()[2]
    }
}

/// A use of a public building: Chinese, English, storeys above ground, and what its rooms are.
pub(super) const PUBLIC: [(&str, &str, u32, Usage); 8] = [
    ("社区服务中心", "Community service centre", 3, Usage::Office),
    ("物业服务中心", "Property management", 2, Usage::Office),
    ("幼儿园", "Kindergarten", 3, Usage::Classroom),
    ("卫生服务站", "Health station", 4, Usage::Clinic),
    ("社区商业楼", "Shops", 2, Usage::Shop),
    ("日间照料中心", "Day care for the elderly", 3, Usage::Activity),
    ("小学", "Primary school", 5, Usage::Classroom),
    ("文体活动中心", "Culture and sports centre", 3, Usage::Activity),
];
