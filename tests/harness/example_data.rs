//! Owns a server on made-up data: a country, a region, two départements, six communes and a perimeter, with indicators of
//! every additivity, suppressed cells, and funding at several stages.
//! Must not know what tests request of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::cleanup::keep_for_all_tests;
use super::{SOURCES, TestServer, bundle, publish};

const TERRITORIES: &str = "code,kind,name,population,departement_code,region_code,geography_year,source_code
FR,country,France,2100,,,2026,essai
REG-99,region,Région,2100,,,2026,essai
DEP-91,departement,Premier,1000,,REG-99,2026,essai
DEP-92,departement,Second,1100,,REG-99,2026,essai
COM-91001,commune,Avesnes,100,DEP-91,REG-99,2026,essai
COM-91002,commune,Saint-Éloi,200,DEP-91,REG-99,2026,essai
COM-91003,commune,Cœur-lès-Bois,300,DEP-91,REG-99,2026,essai
COM-91004,commune,Bois,400,DEP-91,REG-99,2026,essai
COM-92001,commune,Dune,500,DEP-92,REG-99,2026,essai
COM-92002,commune,Étang,600,DEP-92,REG-99,2026,essai
PER-essai,perimeter,Périmètre,,,,2026,essai
";

const MEMBERSHIPS: &str = "container_code,part_code,population_share,source_code
PER-essai,COM-91001,1,essai
PER-essai,COM-91002,1,essai
PER-essai,COM-91003,1,essai
PER-essai,COM-92001,1,essai
";

const INDICATORS: &str =
    "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,weight_indicator_code,direction,source_code
habitants,Habitants,Habitants,habitant,0,sum,none,,none,essai
taux,Taux,Taux,percent,1,weighted_mean,none,habitants,down,essai
aides,Aides versées,Aides versées dans la période,aide,0,sum,sum,,up,essai
indice,Indice,Indice,point,2,none,none,,none,essai
";

const OBSERVATIONS: &str =
    "indicator_code,territory_code,period,breakdown_code,nature,value,qualifier,statuses,geography_year,source_code
habitants,COM-91001,2020,_T,observed,100,exact,A,2026,essai
habitants,COM-91002,2020,_T,observed,200,nearly,P,2026,essai
habitants,COM-91003,2020,_T,observed,300,exact,A,2026,essai
habitants,COM-91004,2020,_T,observed,400,exact,A,2026,essai
habitants,COM-92001,2020,_T,observed,500,exact,A,2026,essai
habitants,COM-92002,2020,_T,observed,600,exact,A,2026,essai
habitants,DEP-91,2020,_T,observed,1000,exact,A,2026,essai
habitants,DEP-92,2020,_T,observed,1100,exact,A,2026,essai
habitants,REG-99,2020,_T,observed,2100,exact,A,2026,essai
habitants,FR,2020,_T,observed,2100,exact,A,2026,essai
habitants,COM-91001,2021,_T,observed,110,exact,A,2026,essai
habitants,COM-91002,2021,_T,observed,,exact,Q,2026,essai
habitants,COM-91003,2021,_T,observed,310,exact,A,2026,essai
habitants,COM-92001,2021,_T,observed,500,exact,A,2026,essai
habitants,DEP-91,2021,_T,observed,1010,exact,A,2026,essai
habitants,COM-91001,2022,_T,observed,,exact,Q,2026,essai
habitants,COM-91002,2022,_T,observed,,exact,Q,2026,essai
habitants,COM-91003,2022,_T,observed,320,exact,A,2026,essai
habitants,COM-91001,2025,_T,target,150,exact,A,2026,essai
habitants,COM-91001,2020,sexe.f,observed,52,exact,A,2026,essai
taux,COM-91001,2020,_T,observed,10,exact,A,2026,essai
taux,COM-91002,2020,_T,observed,20,exact,A,2026,essai
taux,COM-91003,2020,_T,observed,30,exact,A,2026,essai
taux,COM-92001,2020,_T,observed,40,exact,E,2026,essai
taux,COM-92002,2020,_T,observed,40,exact,A,2026,essai
taux,DEP-91,2020,_T,observed,24,exact,A,2026,essai
aides,COM-91001,2020-Q1,_T,observed,1,exact,A,2026,essai
aides,COM-91001,2020-Q2,_T,observed,2,more_than,A,2026,essai
aides,COM-91002,2020-Q1,_T,observed,3,exact,A,2026,essai
aides,COM-91002,2020-Q2,_T,observed,4,exact,A,2026,essai
aides,COM-91003,2020,_T,observed,9,exact,A,2026,essai
aides,COM-91003,2020-Q1,_T,observed,5,exact,A,2026,essai
indice,COM-91001,2020,_T,observed,1.25,exact,A,2026,essai
indice,COM-91002,2020,_T,observed,1.5,exact,A,2026,essai
";

const ACTORS: &str = "code,kind,name,role,siret,rna,source_code
etat,state,État,financeur,11000001500013,,essai
departement,local_authority,Département,financeur,22590001801244,,essai
asso,association,Association,bénéficiaire,,W591000001,essai
";

const FUNDING: &str = "code,title,payer_code,beneficiary_code,territory_code,stage,period,amount_eur,qualifier,cofunding_group,decided_on,aid_natures,payment_terms,eu_notified,beneficiary_share,source_code
a1,=SOMME(A1),etat,asso,DEP-91,paid,2020,1000.50,exact,,2020-03-01,money,unique,false,1,essai
a2,Deuxième,etat,asso,DEP-91,paid,2021,2000,exact,,2021-03-01,money,échelonné,false,0.5,essai
a3,Annonce,etat,,DEP-91,announced,2020,5000,more_than,,,,,,,essai
c1,Commune,etat,asso,DEP-92,paid,2020,300,exact,projet,,,,,,essai
c2,Commune,departement,asso,DEP-92,paid,2020,700,exact,projet,,,,,,essai
v1,Sans montant,etat,,DEP-92,announced,2020,,,,,,,,,essai
";

/// Makes a bundle of this data, and returns its folder.
pub fn example_bundle() -> PathBuf {
    bundle(&[
        ("sources", SOURCES),
        ("territories", TERRITORIES),
        ("memberships", MEMBERSHIPS),
        ("indicators", INDICATORS),
        ("observations", OBSERVATIONS),
        ("actors", ACTORS),
        ("funding", FUNDING),
    ])
}

/// The address of the server on this data, the same for all tests that only read.
pub fn example_data() -> SocketAddr {
    static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
        let server = keep_for_all_tests(TestServer::empty);
        publish(&server.url, &example_bundle()).expect("the data is right");
        server
    });
    SERVER.address
}
