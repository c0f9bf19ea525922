//! Everyday trades, as people type them into the search field: each finds its code among the
//! first three that are shown.

use std::{collections::BTreeMap, fs};

use gestan_account_client::v1::SearchApeCodesRequest;
use gestan_account_server::domain::ape_code::Nomenclature;
use gestan_account_tests::{TestServer, process::workspace};

/// What is typed, and the code that is meant; chosen by what there are many of in France, and
/// compared one by one with the labels of the nomenclature.
const TRADES: &[(&str, &str)] = &[
    ("boulangerie", "1071C"),
    ("boulanger", "1071C"),
    ("patissier", "1071D"),
    ("patisserie", "1071D"),
    ("boucherie", "4722Z"),
    ("boucher", "4722Z"),
    ("charcutier", "1013B"),
    ("poissonnier", "4723Z"),
    ("poissonnerie", "4723Z"),
    ("primeur", "4721Z"),
    ("fromager", "4729Z"),
    ("caviste", "4725Z"),
    ("épicerie", "4711B"),
    ("épicerie fine", "4729Z"),
    ("supérette", "4711C"),
    ("supermarché", "4711D"),
    ("bureau de tabac", "4726Z"),
    ("marchand de journaux", "4762Z"),
    ("fleuriste", "4776Z"),
    ("jardinerie", "4776Z"),
    ("animalerie", "4776Z"),
    ("librairie", "4761Z"),
    ("papeterie", "4762Z"),
    ("pharmacie", "4773Z"),
    ("pharmacien", "4773Z"),
    ("opticien", "4778A"),
    ("bijouterie", "4777Z"),
    ("parfumerie", "4775Z"),
    ("magasin de chaussures", "4772A"),
    ("magasin de vêtements", "4771Z"),
    ("pret a porter", "4771Z"),
    ("mercerie", "4751Z"),
    ("magasin de jouets", "4765Z"),
    ("magasin de sport", "4764Z"),
    ("magasin de meubles", "4759A"),
    ("cuisiniste", "4759A"),
    ("quincaillerie", "4752A"),
    ("bricolage", "4752B"),
    ("brocanteur", "4779Z"),
    ("antiquaire", "4779Z"),
    ("friperie", "4779Z"),
    ("station service", "4730Z"),
    ("vente en ligne", "4791B"),
    ("e-commerce", "4791B"),
    ("restaurant", "5610A"),
    ("restaurateur", "5610A"),
    ("pizzeria", "5610A"),
    ("crêperie", "5610A"),
    ("fast food", "5610C"),
    ("food truck", "5610C"),
    ("snack", "5610C"),
    ("kebab", "5610C"),
    ("traiteur", "5621Z"),
    ("bar", "5630Z"),
    ("café", "5630Z"),
    ("bistrot", "5630Z"),
    ("discothèque", "5630Z"),
    ("hôtel", "5510Z"),
    ("gîte", "5520Z"),
    ("chambres d'hôtes", "5520Z"),
    ("camping", "5530Z"),
    ("plombier", "4322A"),
    ("plomberie", "4322A"),
    ("chauffagiste", "4322B"),
    ("climatisation", "4322B"),
    ("électricien", "4321A"),
    ("panneaux solaires", "4321A"),
    ("maçon", "4399C"),
    ("maçonnerie", "4399C"),
    ("couvreur", "4391B"),
    ("charpentier", "4391A"),
    ("menuisier", "4332A"),
    ("menuiserie", "4332A"),
    ("serrurier", "4332B"),
    ("carreleur", "4333Z"),
    ("peintre en bâtiment", "4334Z"),
    ("peintre", "4334Z"),
    ("plaquiste", "4331Z"),
    ("plâtrier", "4331Z"),
    ("vitrier", "4334Z"),
    ("terrassier", "4312A"),
    ("terrassement", "4312A"),
    ("isolation", "4329A"),
    ("démolition", "4311Z"),
    ("paysagiste", "8130Z"),
    ("jardinier", "8130Z"),
    ("élagueur", "8130Z"),
    ("architecte", "7111Z"),
    ("géomètre", "7112A"),
    ("bureau d'études", "7112B"),
    ("maître d'œuvre", "7112B"),
    ("diagnostic immobilier", "7120B"),
    ("agence immobilière", "6831Z"),
    ("agent immobilier", "6831Z"),
    ("promoteur immobilier", "4110A"),
    ("syndic", "6832A"),
    ("marchand de biens", "6810Z"),
    ("garage", "4520A"),
    ("garagiste", "4520A"),
    ("mécanicien auto", "4520A"),
    ("carrossier", "4520A"),
    ("concessionnaire automobile", "4511Z"),
    ("controle technique", "7120A"),
    ("auto école", "8553Z"),
    ("taxi", "4932Z"),
    ("vtc", "4932Z"),
    ("ambulance", "8690A"),
    ("ambulancier", "8690A"),
    ("déménageur", "4942Z"),
    ("déménagement", "4942Z"),
    ("transporteur routier", "4941A"),
    ("coursier", "5320Z"),
    ("livreur", "5320Z"),
    ("location de voitures", "7711A"),
    ("coiffeur", "9602A"),
    ("coiffure", "9602A"),
    ("salon de coiffure", "9602A"),
    ("barbier", "9602A"),
    ("esthéticienne", "9602B"),
    ("institut de beauté", "9602B"),
    ("pressing", "9601B"),
    ("laverie", "9601B"),
    ("cordonnier", "9523Z"),
    ("tatoueur", "9609Z"),
    ("toilettage", "9609Z"),
    ("pompes funèbres", "9603Z"),
    ("avocat", "6910Z"),
    ("notaire", "6910Z"),
    ("huissier", "6910Z"),
    ("expert comptable", "6920Z"),
    ("comptable", "6920Z"),
    ("consultant", "7022Z"),
    ("agence de communication", "7021Z"),
    ("agence de publicité", "7311Z"),
    ("graphiste", "7410Z"),
    ("photographe", "7420Z"),
    ("imprimeur", "1812Z"),
    ("imprimerie", "1812Z"),
    ("traducteur", "7430Z"),
    ("développeur", "6201Z"),
    ("développeur web", "6201Z"),
    ("informaticien", "6202A"),
    ("dépannage informatique", "9511Z"),
    ("formateur", "8559A"),
    ("organisme de formation", "8559A"),
    ("médecin", "8621Z"),
    ("dentiste", "8623Z"),
    ("infirmière", "8690D"),
    ("infirmier", "8690D"),
    ("sage-femme", "8690D"),
    ("kiné", "8690E"),
    ("kinésithérapeute", "8690E"),
    ("ostéopathe", "8690E"),
    ("orthophoniste", "8690E"),
    ("psychologue", "8690F"),
    ("vétérinaire", "7500Z"),
    ("crèche", "8891A"),
    ("assistante maternelle", "8891A"),
    ("aide à domicile", "8810A"),
    ("ehpad", "8710A"),
    ("ménage", "8121Z"),
    ("nettoyage", "8121Z"),
    ("agent de sécurité", "8010Z"),
    ("salle de sport", "9313Z"),
    ("école de danse", "8552Z"),
    ("coach sportif", "8551Z"),
    ("agence de voyage", "7911Z"),
    ("courtier en assurances", "6622Z"),
    ("banque", "6419Z"),
    ("agriculteur", "0111Z"),
    ("maraîcher", "0113Z"),
    ("viticulteur", "0121Z"),
    ("vigneron", "0121Z"),
    ("apiculteur", "0149Z"),
    ("ébéniste", "3109B"),
    ("brasserie", "5610A"),
];

/// How many codes a person looks at.
const LOOKED_AT: i32 = 3;

#[tokio::test]
async fn each_everyday_trade_finds_its_code_among_the_first_three() {
    assert!(TRADES.len() >= 150, "only {} trades", TRADES.len());
    let server = TestServer::start().await;
    let mut missed = Vec::new();
    for (trade, code) in TRADES {
        let query = (*trade).to_owned();
        let request = SearchApeCodesRequest { query, page_size: LOOKED_AT, ..Default::default() };
        let found = server.client.search_ape_codes(request).await.expect("an answer").ape_codes;
        if !found.iter().any(|found| found.code == *code) {
            let instead: Vec<_> = found.into_iter().map(|found| found.printed).collect();
            missed.push(format!("{trade}: not {code}, but {instead:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_trade_in_the_list_has_a_code_of_the_nomenclature_and_stands_there_once() {
    let labels: BTreeMap<String, String> =
        Nomenclature::rev2().map(|code| (code.code, code.label)).collect();
    assert_eq!(labels.len(), 732);
    let list = fs::read_to_string(workspace().join("server/data/ape_trades.csv")).expect("data");
    let mut lines = list.lines();
    assert_eq!(lines.next(), Some("trade,code"));
    let rows: Vec<(&str, &str)> =
        lines.map(|line| line.rsplit_once(',').expect("a trade and a code")).collect();
    assert!(rows.len() >= 200, "only {} trades", rows.len());
    for (trade, code) in &rows {
        assert!(labels.contains_key(*code), "{trade}: there is no {code}");
        assert!(!trade.is_empty() && trade.trim() == *trade && !trade.contains(','), "{trade:?}");
        assert_eq!(rows.iter().filter(|row| *row == &(*trade, *code)).count(), 1, "{trade}");
    }
    assert!(rows.is_sorted_by_key(|(_, code)| *code), "the list is in the order of the codes");
}
