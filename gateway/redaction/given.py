"""Given names that are clearly a woman's or clearly a man's, written by hand: enough to keep a couple apart.

What it is: two short lists of names of many origins. A name that men and women have (Andrea, Kim, Toni, Deniz, Sascha,
Luca, Nikita, Heike, Simone, Jean) is in neither.

What it keeps true: it only ever divides ("Herr Albrecht" is not Anna Albrecht). It never makes anybody a man or a
woman in what the model reads; that is left to the salutation.

What it does not know: any name that is not listed; such a name divides nobody.
"""

from __future__ import annotations

_W = """
adelheid adele agata agnes agnieszka aicha aisha ajla aleksandra alexandra alice alicja alina aline alma almut amelie
amina amira amrei anastasia aneta angela angelika anica anika anita anja anke anna anne annegret annelie anneliese
annemarie annette anni annika antje antonia ariane astrid ayla ayse aysel ayşe aynur barbara beata beate beatrice
beatrix berta bettina bianca birgit birgül birte brigitte britta brunhilde carina carla carmen carola caroline
cäcilia charlotte christa christel christiane christina christine clara claudia constanze cordula corinna cornelia
dagmar daniela danuta daria derya diana dilek dilara dina dora doreen doris dorothea dorothee dragana edeltraud edith
ela elena elfriede elif elisa elisabeth elise elke ella elli elvira emilia emily emine emma erika erna esra esther eva
evelyn ewa fadime fatima fatma fatme felicitas filiz franziska frauke frieda friederike galina gabi gabriela
gabriele gerda gerlinde gertraud gertrud gesine gisela gita gudrun gülay gülsen gülten hanna hannah hannelore hanne
halyna hatice havva hedwig helena helene helga henriette herta hilde hildegard hülya iga ilona ilse ina ines inga inge
ingeborg ingrid ioana irena irene irina iris irma irmgard isabel isabell isabella iwona jacqueline jana janina
janine jasmin jelena jennifer jessica joanna johanna judith julia juliane jutta karin karina karla karola karoline
katarina katarzyna kateryna katharina kathrin katja katrin kerstin klara klaudia konstanze kornelia krystyna
ksenia larissa laura lea lena leni lara leonie leyla lidia lieselotte lilli lilly lina linda lisa liselotte
lotte louisa louise luisa luise luzia lydia lyudmyla magda magdalena maja malgorzata małgorzata mandy manuela mareike
margarete margarethe margit margot margret marianne marie marija marina marion marlene marlies marta martha martina
mathilde mechthild meike melanie melike melina merle meryem mia michaela milena miriam mona monika monique nadine nadja
nadia nancy natalia natalie natascha nataliya nicole nina nele nora nurcan nuray oksana olena olga olha ottilie paula
pauline petra pia ramona rebecca rebekka regina regine renate ricarda rita romy ronja rosa rosemarie roswitha ruth
sabine sabrina sandra sara sarah selin selma semra sevda sevgi sibylle sieglinde sigrid silke silvia sina
snezana sofia sofie sofija sonja sophia sophie stefanie steffi stephanie stella susan susanne svenja svetlana swetlana
sylvia tamara tanja tatjana teresa thea theresa therese tina traudel ulrike ursula uta ute valentina vanessa
vera verena veronika viktoria viola walburga waltraud wiebke wilhelmine wilma yasmin yvonne zahra zainab zehra
zeynep zofia zuzanna
"""
_M = """
achim adam adem adnan adrian ahmad ahmed ahmet albert aleksander aleksei alexander alexandru alexej alfred ali alois
amadou amir anatoli andreas andrei andrej andrzej angelo anton armin arne arno arnold artur arthur attila august axel
aziz bartosz bastian bekir benedikt benjamin bernd bernhard bert björn bogdan boris bruno burak burkhard carl carsten
cem cemal christian christoph claus clemens constantin cornelius daniel danylo darius david denis detlef detlev dennis
dieter dietmar dietrich dimitri dirk dmitri dominik dragan eberhard eckhard edgar eduard egon ekrem elias emanuel emil
emir emre enes engin erdal erdogan eren erhard eric erich erik ernst erwin eugen fabian falk felix ferdinand florian
franco frank franz fred frieder friedhelm friedrich fritz georg georgi gerald gerd gerhard gernot giovanni
giuseppe goran gottfried gregor grzegorz guido günter günther gustav hakan halil hamza hannes hans harald hartmut
harry hasan hassan heiko heiner heinrich heinz helmut helmuth hendrik henning henry herbert heribert hermann hinnerk
holger horst hubert hüseyin hugo ibrahim igor ingo ion ismail ivan iwan jacek jakob jan jannik jens jerzy jochen
joachim joel johann johannes jonas jonathan jörg jörn josef joseph joshua julian julius jürgen justus kamil karl
karsten kaspar kemal kenan klaus konrad konstantin korbinian krzysztof kurt lars lasse lennart leo leon leonard
leonhard leopold levent linus lorenz lothar ludger ludwig lukas lutz magnus mahmoud mahmut maik malte manfred manuel
marc marcel marcin marco marek marian mario marius mark marko markus martin marvin mateusz mathias matteo matthias
maurice max maximilian mehmet mesut metin michael michał michal mike milan mirko mirosław mohamed mohammad mohammed
moritz mostafa murat mustafa nico nicolas niklas nikola nikolai nikolaus nils norbert oleg oleh oleksandr oliver
olaf omar orhan oskar osman oswald otto ömer patrick paul pawel paweł pedro peter phil philip philipp pierre piotr
rafael rainer ralf ralph ramazan raphael recep reiner reinhard reinhold rene rené ricardo richard robert roland rolf
roman rüdiger rudi rudolf rupert salim samuel sandro sebastian selim sergej serhij serkan siegfried siegmar sigmund
silas simon sinan stanislaw stefan steffen stephan sven tarek theo theodor thilo thomas thorsten till tilo tim timo
tobias tom tomasz torben torsten udo ulf uli ulrich uwe valentin viktor vincent vitali vladimir volker volkmar
volodymyr waldemar walter wenzel werner wilfried wilhelm willi willy winfried witold wladimir wolfgang
wolfram xaver yannick yasin yusuf zbigniew zoltan
"""
GIVEN: dict[str, str] = {word: letter for letter, listed in (("W", _W), ("M", _M)) for word in listed.split()}
"""Given name in small letters -> W or M."""
