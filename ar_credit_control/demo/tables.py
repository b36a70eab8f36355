"""The documents of the demo company, one line each; days count back from today, so the demo never grows old."""

import csv

# Invoices: what was sold, and the receipts as "share of what is to pay + days after the invoice".
INVOICES = """\
document,customer,days_ago,lines,receipts
hx1,hx,340,mc7*150,100%+29
hx2,hx,280,gw4*120,100%+27
hx3,hx,215,mc7*200,100%+31
hx4,hx,150,gw4*160 bb*8000,100%+30
hx5,hx,85,mc7*180,100%+28
hx6,hx,41,th*120,100%+30
hx7,hx,20,gw4*150,
hx8,hx,6,mc7*220,
lk1,lk,330,th*300,100%+66
lk2,lk,250,ps*400,100%+62
lk3,lk,185,th*350,100%+70
lk4,lk,120,ps*420,100%+68
lk5,lk,62,th*500,
lk6,lk,38,ps*600,
lk7,lk,15,th*550,
br1,br,345,m12*1500,100%+75
br2,br,260,m12*1800 ch*500,100%+81
br3,br,190,m12*2000,100%+95
br4,br,102,m12*2400,
br5,br,97,ch*2500,40%+70
br6,br,55,m12*1800,
br7,br,25,ch*2000,
tf1,tf,300,gw4*100,30%+1 70%+32
tf2,tf,170,gw4*140,30%+2 70%+40
tf3,tf,58,gw4*160 nre*1,30%+1
tf4,tf,12,gw4*120,30%+3
yh1,yh,310,usbc*12000,100%+50
yh2,yh,205,usbc*15000,100%+77
yh3,yh,130,usbc*16000,
yh4,yh,118,bb*9000,30%+60
yh5,yh,70,fpc*20000,
yx1,yx,320,gw4*90,100%+30
yx2,yx,230,gw4*110,100%+28
yx3,yx,140,gw4*100,100%+33
yx4,yx,75,th*80,100%+31
yx5,yx,34,gw4*60,
yx6,yx,9,gw4*80,
gg1,gg,350,ps*200,100%+110
gg2,gg,265,ps*260,60%+95 40%+130
gg3,gg,240,ps*300,
gg4,gg,200,test*6,
gg5,gg,165,ps*180,50%+100
nj1,nj,290,ch*900,100%+38
nj2,nj,160,ch*1200,100%+35
nj3,nj,66,ch*1400,
nj4,nj,18,ch*800,
ql1,ql,45,m12*300,100%+0
ql2,ql,8,m12*250,100%+1
lw1,lw,270,fpc*30000,100%+30
lw2,lw,180,fpc*26000,100%+29
lw3,lw,95,fpc*28000,100%+30
lw4,lw,28,fpc*32000,
lw5,lw,3,fpc*18000,
ng1,ng,335,mc7*300,100%+58
ng2,ng,240,gw4*260,100%+61
ng3,ng,150,mc7*320,100%+66
ng4,ng,64,mc7*280,
ng5,ng,22,gw4*200,
pc1,pc,355,gw4*80,100%+60
pc2,pc,225,gw4*120,40%+90
pc3,pc,145,nre*2,
bs1,bs,325,ps*600,100%+44
bs2,bs,235,th*500,100%+46
bs3,bs,140,ps*700,100%+45
bs4,bs,78,th*420,50%+50
bs5,bs,30,ps*650,
la1,la,210,m12*600,100%+31
la2,la,110,m12*800,90%+36
la3,la,27,m12*700,
hl1,hl,250,usbc*20000,100%+33
hl2,hl,130,usbc*24000,100%+45
hl3,hl,100,fpc*22000,
hl4,hl,25,usbc*18000,
"""

# Credit notes, dated in days after the invoice they take back from.
CREDIT_NOTES = """\
document,invoice,days_after,lines,reason
nj3r,nj3,12,ch*140,退货：线束端子压接不良
la2r,la2,20,m12*80,"Returned: 80 pcs, wrong keying"
br2r,br2,15,ch*50,来料检验不合格
"""

# Orders; where `confirm` says yes, the salesperson has pressed the button.
ORDERS = """\
document,customer,days_ago,lines,confirm
order_hx,hx,4,mc7*80,
order_lk,lk,2,th*600 ps*200,
order_tf,tf,1,gw4*60 nre*1,
order_ng,ng,3,gw4*150,
order_yx,yx,10,gw4*70,yes
order_bs,bs,8,th*300,yes
order_lw,lw,5,fpc*20000 usbc*4000,yes
order_br,br,1,m12*900 ch*400,yes
"""

# Bank receipts nobody has matched. `paid` is a share of the open amount, or how much less came in, or an amount.
# The memo may hold the invoice's number as it is, in full-width characters (wide) or with blanks (spaced).
RECEIPTS = """\
receipt,document,days_ago,paid,payer,memo
receipt_exact,lw4,1,100%,青岛蓝湾家电配件有限公司,货款 {number}
receipt_wide,yh3,1,100%,广州粤海通信设备有限公司,付 {wide} 货款
receipt_spaced,nj3,2,100%,宁波甬江模具,{spaced} 尾款
receipt_short,yx5,2,-25.00,杭州云溪物联科技有限公司,往来款 {number} 扣手续费
receipt_wire,ng4,3,-18.00,NORTHGATE INSTRUMENTS INC,INVOICE {number} WIRE FEE DEDUCTED
receipt_unknown,,1,36800.00,张伟,转账
"""

# CNY for one unit of the foreign currency, valid from the first of the month that many months ago.
RATES = """\
months_ago,USD,EUR,HKD
13,7.2180,7.6420,0.9276
12,7.2460,7.6150,0.9312
11,7.2980,7.5960,0.9390
10,7.2710,7.5520,0.9336
9,7.2520,7.5890,0.9324
8,7.2640,7.8460,0.9342
7,7.2060,8.1940,0.9283
6,7.1930,8.1620,0.9176
5,7.1640,8.2870,0.9126
4,7.1480,8.3910,0.9106
3,7.1310,8.3120,0.9148
2,7.1190,8.3640,0.9145
1,7.1060,8.2760,0.9137
0,7.0920,8.2240,0.9124
"""

# What the records of the XML files are called in Chinese.
CHINESE = """\
record,field,text
journal_cny,name,招商银行 人民币
journal_usd,name,招商银行 美元
term_60,name,60天
term_60,note,付款条件：60天
term_deposit,name,预付30%，余款30天
term_deposit,note,付款条件：预付30%，余款30天内付清
pricelist_usd,name,出口美元价
pricelist_eur,name,出口欧元价
pricelist_hkd,name,出口港币价
product_bb,name,板对板连接器 0.5mm 40P
product_fpc,name,FPC连接器 24P
product_usbc,name,防水型USB-C母座
product_m12,name,M12圆形连接器 8芯
product_ch,name,线束组件 2米
product_ps,name,压力传感器 0–10 bar
product_th,name,温湿度传感器 RS-485
product_mc7,name,电机控制板 PCBA
product_gw4,name,物联网网关板 PCBA
product_nre,name,模具及工程开发费
product_test,name,可靠性测试服务
position_export,name,出口
tax_export,name,出口0%
tax_export,description,出口零税率
"""


def rows(table):
    """The lines of a table as dicts of strings."""
    return list(csv.DictReader(table.splitlines()))
